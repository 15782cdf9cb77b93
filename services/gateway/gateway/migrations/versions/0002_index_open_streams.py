"""Index the open streams, which are counted for every new one"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'


def upgrade() -> None:
    op.create_index('jobs_streaming', 'jobs', ['id'], unique=False, schema='gateway', postgresql_where=sa.text("kind = 'transcriber.stream' AND completed_at IS NULL"))


def downgrade() -> None:
    op.drop_index('jobs_streaming', table_name='jobs', schema='gateway', postgresql_where=sa.text("kind = 'transcriber.stream' AND completed_at IS NULL"))
