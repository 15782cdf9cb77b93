"""Create the tables of texts"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from analyzer.models import HalfVector

revision = '0001'
down_revision = None


def upgrade() -> None:
    # No schema is named: pgvector may be installed already, wherever its administrator wanted it.
    op.execute('CREATE EXTENSION IF NOT EXISTS vector')
    op.create_table('texts',
    sa.Column('owner', sa.Text(), nullable=False),
    sa.Column('track_id', sa.Text(), nullable=False),
    sa.Column('sha256', sa.LargeBinary(), nullable=False, comment='of the text in UTF-8'),
    sa.Column('model', sa.Text(), nullable=False, comment='whose vectors can be compared'),
    sa.Column('features_version', sa.Integer(), nullable=False),
    sa.Column('language', sa.Text(), nullable=True, comment='also among the features, as are the topics'),
    sa.Column('topics', sa.ARRAY(sa.Text()), nullable=False),
    sa.Column('features', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('excerpt', sa.Text(), nullable=False),
    sa.Column('embedding', HalfVector(), nullable=True, comment='empty for a text with nothing in it'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('owner', 'track_id'),
    schema='analyzer'
    )
    op.create_index('texts_by_language', 'texts', ['owner', 'language'], unique=False, schema='analyzer')
    op.create_index('texts_by_topic', 'texts', ['topics'], unique=False, schema='analyzer', postgresql_using='gin')
    op.create_table('batches',
    sa.Column('id', sa.Text(), nullable=False, comment='that of its job'),
    sa.Column('owner', sa.Text(), nullable=False),
    sa.Column('blob', sa.Text(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False, comment='bytes of the blob'),
    sa.Column('format', postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment='how to read a line'),
    sa.Column('report', postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment='of a batch that ended'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    schema='analyzer'
    )
    op.create_table('chunks',
    sa.Column('batch_id', sa.Text(), nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('start', sa.BigInteger(), nullable=False, comment='first byte'),
    sa.Column('stop', sa.BigInteger(), nullable=False, comment='behind the last byte'),
    sa.Column('line', sa.BigInteger(), nullable=False, comment='number of the first line'),
    sa.Column('lines', sa.Integer(), nullable=False),
    sa.Column('tries', sa.Integer(), server_default='0', nullable=False, comment='how often it was begun'),
    sa.Column('touched_at', sa.DateTime(timezone=True), nullable=True, comment='sent or begun'),
    sa.Column('done', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('texts', sa.Integer(), server_default='0', nullable=False),
    sa.Column('stored', sa.Integer(), server_default='0', nullable=False),
    sa.Column('unchanged', sa.Integer(), server_default='0', nullable=False),
    sa.Column('duplicates', sa.Integer(), server_default='0', nullable=False),
    sa.Column('failed', sa.Integer(), server_default='0', nullable=False),
    sa.Column('errors', postgresql.JSONB(astext_type=sa.Text()), server_default='[]', nullable=False, comment='its lines that were not kept'),
    sa.ForeignKeyConstraint(['batch_id'], ['analyzer.batches.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('batch_id', 'n'),
    schema='analyzer'
    )
    op.create_table('claims',
    sa.Column('batch_id', sa.Text(), nullable=False),
    sa.Column('track_id', sa.Text(), nullable=False),
    sa.Column('line', sa.BigInteger(), nullable=False, comment='the last one that had this id so far'),
    sa.Column('sha256', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('batch_id', 'track_id'),
    schema='analyzer'
    )


def downgrade() -> None:
    for table in ('claims', 'chunks', 'batches', 'texts'):
        op.drop_table(table, schema='analyzer')
