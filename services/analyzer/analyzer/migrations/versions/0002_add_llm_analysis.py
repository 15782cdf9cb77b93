"""Add what a language model says of a text"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0002'
down_revision = '0001'


def upgrade() -> None:
    # Neither column rewrites its table: both may be empty, or have a constant default.
    op.add_column('texts', sa.Column('llm_analysis', postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment='an LlmAnalysis, if it was asked for'), schema='analyzer')
    op.add_column('chunks', sa.Column('llm_failed', sa.Integer(), server_default='0', nullable=False), schema='analyzer')
    op.add_column('chunks', sa.Column('usage', postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment='what the language model took'), schema='analyzer')


def downgrade() -> None:
    op.drop_column('chunks', 'usage', schema='analyzer')
    op.drop_column('chunks', 'llm_failed', schema='analyzer')
    op.drop_column('texts', 'llm_analysis', schema='analyzer')
