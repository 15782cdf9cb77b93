"""Create the tables of chat"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0002'
down_revision = '0001'


def upgrade() -> None:
    op.create_table('content',
    sa.Column('owner', sa.Text(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False, comment='UTC'),
    sa.Column('key', sa.Text(), nullable=False, comment='of the topic'),
    sa.Column('id', sa.Text(), nullable=False, comment='the same for the same content on any day'),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False, comment='best first'),
    sa.Column('item', postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment='a ContentItem'),
    sa.PrimaryKeyConstraint('owner', 'day', 'key', 'id'),
    schema='digest'
    )
    op.create_index('content_by_day', 'content', ['day'], unique=False, schema='digest')
    op.create_table('messages',
    sa.Column('id', sa.Text(), nullable=False, comment='that of the chat job'),
    sa.Column('owner', sa.Text(), nullable=False),
    sa.Column('user_id', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('reply', postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment='text, engine, topic before, warnings, usage'),
    sa.Column('topics_job_id', sa.Text(), nullable=False),
    sa.Column('recommend_job_id', sa.Text(), nullable=False),
    sa.Column('topics', sa.ARRAY(sa.Text()), nullable=True, comment='best first; empty until they are found'),
    sa.Column('topics_engine', sa.Text(), nullable=True),
    sa.Column('recommended_at', sa.DateTime(timezone=True), nullable=True, comment='recommendations take this message into account since'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('recommend_job_id'),
    sa.UniqueConstraint('topics_job_id'),
    schema='digest'
    )
    op.create_index('messages_by_age', 'messages', ['created_at'], unique=False, schema='digest')
    op.create_index('messages_of_user', 'messages', ['owner', 'user_id', 'created_at'], unique=False, schema='digest')
    op.create_table('popular_topics',
    sa.Column('owner', sa.Text(), nullable=False),
    sa.Column('rank', sa.Integer(), nullable=False),
    sa.Column('topic', sa.Text(), nullable=False),
    sa.Column('popularity', sa.Float(), nullable=False),
    sa.Column('messages', sa.Integer(), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('refreshed_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('owner', 'rank'),
    schema='digest'
    )
    op.create_table('reads',
    sa.Column('owner', sa.Text(), nullable=False),
    sa.Column('user_id', sa.Text(), nullable=False),
    sa.Column('item_id', sa.Text(), nullable=False),
    sa.Column('read_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('owner', 'user_id', 'item_id'),
    schema='digest'
    )
    op.create_table('recommendations',
    sa.Column('owner', sa.Text(), nullable=False),
    sa.Column('user_id', sa.Text(), nullable=False),
    sa.Column('items', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('stale', sa.Boolean(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('owner', 'user_id'),
    schema='digest'
    )
    op.create_index(op.f('ix_digest_recommendations_expires_at'), 'recommendations', ['expires_at'], unique=False, schema='digest')
    op.create_table('topics',
    sa.Column('owner', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False, comment='stems, or the theme of the library that it is'),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('merged_into', sa.Text(), nullable=True, comment='key of the topic that means the same'),
    sa.Column('popularity', sa.Float(), nullable=False, comment='at `last_at`; halves with every half-life'),
    sa.Column('messages', sa.Integer(), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('owner', 'key'),
    schema='digest'
    )
    op.create_index('topics_of_owner', 'topics', ['owner', 'last_at'], unique=False, schema='digest')
    op.create_table('user_topics',
    sa.Column('owner', sa.Text(), nullable=False),
    sa.Column('user_id', sa.Text(), nullable=False),
    sa.Column('topic', sa.Text(), nullable=False),
    sa.Column('message_id', sa.Text(), nullable=False),
    sa.Column('engine', sa.Text(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False, comment='when the message was written'),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('owner', 'user_id'),
    schema='digest'
    )
    op.create_index(op.f('ix_digest_user_topics_expires_at'), 'user_topics', ['expires_at'], unique=False, schema='digest')


def downgrade() -> None:
    op.drop_index(op.f('ix_digest_user_topics_expires_at'), table_name='user_topics', schema='digest')
    op.drop_table('user_topics', schema='digest')
    op.drop_index('topics_of_owner', table_name='topics', schema='digest')
    op.drop_table('topics', schema='digest')
    op.drop_index(op.f('ix_digest_recommendations_expires_at'), table_name='recommendations', schema='digest')
    op.drop_table('recommendations', schema='digest')
    op.drop_table('reads', schema='digest')
    op.drop_table('popular_topics', schema='digest')
    op.drop_index('messages_of_user', table_name='messages', schema='digest')
    op.drop_index('messages_by_age', table_name='messages', schema='digest')
    op.drop_table('messages', schema='digest')
    op.drop_index('content_by_day', table_name='content', schema='digest')
    op.drop_table('content', schema='digest')
