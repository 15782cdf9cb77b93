"""Create the digest service's tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0001'
down_revision = None


def upgrade() -> None:
    op.create_table('bots',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('owner', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('channels', sa.ARRAY(sa.Text()), nullable=False),
    sa.Column('language', sa.Text(), nullable=False),
    sa.Column('max_posts_per_digest', sa.Integer(), nullable=False),
    sa.Column('schedule', sa.Text(), nullable=False, comment='cron expression in UTC, or empty'),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('webhook_url', sa.Text(), nullable=False),
    sa.Column('webhook_secret', sa.Text(), nullable=False),
    sa.Column('feed_token', sa.Text(), nullable=False),
    sa.Column('prompt_version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    schema='digest'
    )
    op.create_index('bots_of_owner', 'bots', ['owner', 'id'], unique=False, schema='digest')
    op.create_table('channels',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('owner', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('url', sa.Text(), nullable=False, comment='of the feed; empty where posts are pushed'),
    sa.Column('poll_seconds', sa.Integer(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('etag', sa.Text(), server_default='', nullable=False),
    sa.Column('last_modified', sa.Text(), server_default='', nullable=False),
    sa.Column('error', sa.Text(), server_default='', nullable=False, comment='of the last poll'),
    sa.Column('failures', sa.Integer(), server_default='0', nullable=False, comment='in a row'),
    sa.Column('polled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('next_poll_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    schema='digest'
    )
    op.create_index('channels_due', 'channels', ['next_poll_at'], unique=False, schema='digest', postgresql_where=sa.text("url <> '' AND active"))
    op.create_index('channels_of_owner', 'channels', ['owner', 'id'], unique=False, schema='digest')
    op.create_table('schedule_slots',
    sa.Column('schedule', sa.Text(), nullable=False),
    sa.Column('slot', sa.Text(), nullable=False),
    sa.Column('claimed_by', sa.Text(), nullable=False, comment='the job that does it'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('schedule', 'slot'),
    schema='digest'
    )
    op.create_table('builds',
    sa.Column('id', sa.Text(), nullable=False, comment='that of the job'),
    sa.Column('owner', sa.Text(), nullable=False),
    sa.Column('bot_id', sa.Text(), nullable=False),
    sa.Column('trigger', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('engine', sa.Text(), nullable=False, comment='as asked for: auto, local or llm'),
    sa.Column('prompt_version', sa.Integer(), nullable=False),
    sa.Column('stopping', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('resting', sa.Boolean(), server_default=sa.text('false'), nullable=False, comment='its job let go of it'),
    sa.Column('seen_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='its job lived then'),
    sa.Column('digest_id', sa.Text(), nullable=True),
    sa.Column('report', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('error', sa.Text(), server_default='', nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['bot_id'], ['digest.bots.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id'),
    schema='digest'
    )
    op.create_index('builds_of_bot', 'builds', ['bot_id', 'id'], unique=False, schema='digest')
    op.create_index('builds_of_owner', 'builds', ['owner', 'id'], unique=False, schema='digest')
    op.create_index('builds_running', 'builds', ['bot_id'], unique=True, schema='digest', postgresql_where=sa.text('ended_at IS NULL'))
    op.create_table('digests',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('owner', sa.Text(), nullable=False),
    sa.Column('bot_id', sa.Text(), nullable=False),
    sa.Column('build_id', sa.Text(), nullable=True, comment='or the job that made it again'),
    sa.Column('rerun_of', sa.Text(), nullable=True),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('language', sa.Text(), nullable=False),
    sa.Column('engine', sa.Text(), nullable=False),
    sa.Column('prompt_version', sa.Integer(), nullable=False),
    sa.Column('posts', sa.Integer(), nullable=False),
    sa.Column('considered', sa.Integer(), nullable=False),
    sa.Column('content', postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="sections, sizes of the batches, usage, each post's fate"),
    sa.Column('deliver_sent_at', sa.DateTime(timezone=True), nullable=True, comment="its webhook's job was sent"),
    sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('delivery_error', sa.Text(), server_default='', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['bot_id'], ['digest.bots.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('build_id'),
    schema='digest'
    )
    op.create_index('digests_of_bot', 'digests', ['bot_id', 'id'], unique=False, schema='digest')
    op.create_index('digests_of_owner', 'digests', ['owner', 'id'], unique=False, schema='digest')
    op.create_table('posts',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('owner', sa.Text(), nullable=False),
    sa.Column('channel_id', sa.Text(), nullable=False),
    sa.Column('external_id', sa.Text(), nullable=False, comment="the source's; a hash of the text where it has none"),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False, comment='without HTML'),
    sa.Column('author', sa.Text(), nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['channel_id'], ['digest.channels.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id'),
    schema='digest'
    )
    op.create_index('posts_by_external_id', 'posts', ['channel_id', 'external_id'], unique=True, schema='digest')
    op.create_index('posts_by_url', 'posts', ['channel_id', 'url'], unique=True, schema='digest', postgresql_where=sa.text("url <> ''"))
    op.create_index('posts_of_channel', 'posts', ['channel_id', 'id'], unique=False, schema='digest')
    op.create_index('posts_of_owner', 'posts', ['owner', 'id'], unique=False, schema='digest')
    op.create_table('prompts',
    sa.Column('bot_id', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('categorization_prompt', sa.Text(), nullable=False),
    sa.Column('summarization_prompt', sa.Text(), nullable=False),
    sa.Column('categories', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['bot_id'], ['digest.bots.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('bot_id', 'version'),
    schema='digest'
    )
    op.create_table('batches',
    sa.Column('build_id', sa.Text(), nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('invalid', sa.Integer(), server_default='0', nullable=False, comment='posts skipped, merged or invented'),
    sa.Column('engine', sa.Text(), server_default='', nullable=False),
    sa.Column('usage', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True, comment='confirmed by RabbitMQ'),
    sa.Column('touched_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='when something was last heard of it'),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['build_id'], ['digest.builds.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('build_id', 'n'),
    schema='digest'
    )
    op.create_table('fates',
    sa.Column('bot_id', sa.Text(), nullable=False),
    sa.Column('post_id', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('build_id', sa.Text(), nullable=True, comment='the build that has it, or had it last'),
    sa.Column('batch', sa.Integer(), nullable=True, comment='number of the batch that has it now'),
    sa.Column('alone', sa.Boolean(), server_default=sa.text('false'), nullable=False, comment='shares a batch with no other'),
    sa.Column('tries', sa.Integer(), server_default='0', nullable=False, comment='batches that were given up with it'),
    sa.Column('category', sa.Text(), nullable=True),
    sa.Column('summary', sa.Text(), server_default='', nullable=False),
    sa.Column('reason', sa.Text(), server_default='', nullable=False),
    sa.Column('duplicate_of', sa.Text(), nullable=True),
    sa.Column('engine', sa.Text(), server_default='', nullable=False),
    sa.Column('prompt_version', sa.Integer(), nullable=True),
    sa.Column('digest_id', sa.Text(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['bot_id'], ['digest.bots.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['post_id'], ['digest.posts.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('bot_id', 'post_id'),
    schema='digest'
    )
    op.create_index('fates_of_build', 'fates', ['build_id', 'batch'], unique=False, schema='digest')
    op.create_index('fates_of_post', 'fates', ['post_id'], unique=False, schema='digest')


def downgrade() -> None:
    op.drop_index('fates_of_post', table_name='fates', schema='digest')
    op.drop_index('fates_of_build', table_name='fates', schema='digest')
    op.drop_table('fates', schema='digest')
    op.drop_table('batches', schema='digest')
    op.drop_table('prompts', schema='digest')
    op.drop_index('posts_of_owner', table_name='posts', schema='digest')
    op.drop_index('posts_of_channel', table_name='posts', schema='digest')
    op.drop_index('posts_by_url', table_name='posts', schema='digest', postgresql_where=sa.text("url <> ''"))
    op.drop_index('posts_by_external_id', table_name='posts', schema='digest')
    op.drop_table('posts', schema='digest')
    op.drop_index('digests_of_owner', table_name='digests', schema='digest')
    op.drop_index('digests_of_bot', table_name='digests', schema='digest')
    op.drop_table('digests', schema='digest')
    op.drop_index('builds_running', table_name='builds', schema='digest', postgresql_where=sa.text('ended_at IS NULL'))
    op.drop_index('builds_of_owner', table_name='builds', schema='digest')
    op.drop_index('builds_of_bot', table_name='builds', schema='digest')
    op.drop_table('builds', schema='digest')
    op.drop_table('schedule_slots', schema='digest')
    op.drop_index('channels_of_owner', table_name='channels', schema='digest')
    op.drop_index('channels_due', table_name='channels', schema='digest', postgresql_where=sa.text("url <> '' AND active"))
    op.drop_table('channels', schema='digest')
    op.drop_index('bots_of_owner', table_name='bots', schema='digest')
    op.drop_table('bots', schema='digest')
