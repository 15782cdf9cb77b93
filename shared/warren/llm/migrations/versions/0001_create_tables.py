"""Create the tables of the care for language models"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0001'
down_revision = None


def upgrade() -> None:
    op.create_table('requests',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('provider', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False, comment='when it may be sent; may lie ahead'),
    sa.Column('tokens', sa.Integer(), nullable=False, comment='estimated, then as counted by the endpoint'),
    sa.PrimaryKeyConstraint('id'),
    schema='llm',
    comment='requests of the last minutes and those that wait for their turn'
    )
    op.create_index('ix_llm_requests_provider_at', 'requests', ['provider', 'at'], schema='llm')
    op.create_table('spending',
    sa.Column('day', sa.Date(), nullable=False, comment='UTC'),
    sa.Column('provider', sa.Text(), nullable=False),
    sa.Column('requests', sa.BigInteger(), nullable=False, comment='each retry counted'),
    sa.Column('tokens', sa.BigInteger(), nullable=False),
    sa.Column('cost', sa.Float(), nullable=False, comment='what is under way counts with its estimate'),
    sa.PrimaryKeyConstraint('day', 'provider'),
    schema='llm'
    )
    op.create_table('answers',
    sa.Column('key', sa.LargeBinary(), nullable=False, comment='SHA-256 of what was asked'),
    sa.Column('answer', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('key'),
    schema='llm'
    )
    op.create_index(op.f('ix_llm_answers_expires_at'), 'answers', ['expires_at'], schema='llm')
