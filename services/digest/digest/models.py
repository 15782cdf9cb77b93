"""The digest service's tables, in the schema `digest`. Nobody else reads them."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

metadata = sa.MetaData(schema="digest")

Time = sa.DateTime(timezone=True)
NOW = sa.text("now()")

bots = sa.Table(
    "bots",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("channels", sa.ARRAY(sa.Text), nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("max_posts_per_digest", sa.Integer, nullable=False),
    sa.Column("schedule", sa.Text, nullable=False, comment="cron expression in UTC, or empty"),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("webhook_url", sa.Text, nullable=False),
    sa.Column("webhook_secret", sa.Text, nullable=False),
    sa.Column("feed_token", sa.Text, nullable=False),
    sa.Column("prompt_version", sa.Integer, nullable=False),
    sa.Column("created_at", Time, nullable=False, server_default=NOW),
    sa.Column("updated_at", Time, nullable=False, server_default=NOW),
    sa.Index("bots_of_owner", "owner", "id"),
)

prompts = sa.Table(
    "prompts",
    metadata,
    sa.Column("bot_id", sa.Text, sa.ForeignKey(bots.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("categorization_prompt", sa.Text, nullable=False),
    sa.Column("summarization_prompt", sa.Text, nullable=False),
    sa.Column("categories", JSONB, nullable=False),
    sa.Column("created_at", Time, nullable=False, server_default=NOW),
)

channels = sa.Table(
    "channels",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False, comment="of the feed; empty where posts are pushed"),
    sa.Column("poll_seconds", sa.Integer, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("etag", sa.Text, nullable=False, server_default=""),
    sa.Column("last_modified", sa.Text, nullable=False, server_default=""),
    sa.Column("error", sa.Text, nullable=False, server_default="", comment="of the last poll"),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0", comment="in a row"),
    sa.Column("polled_at", Time),
    sa.Column("next_poll_at", Time),
    sa.Column("created_at", Time, nullable=False, server_default=NOW),
    sa.Index("channels_of_owner", "owner", "id"),
    sa.Index("channels_due", "next_poll_at", postgresql_where=sa.text("url <> '' AND active")),
)

posts = sa.Table(
    "posts",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("channel_id", sa.Text, sa.ForeignKey(channels.c.id, ondelete="CASCADE"), nullable=False),
    sa.Column("external_id", sa.Text, nullable=False, comment="the source's; a hash of the text where it has none"),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False, comment="without HTML"),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("published_at", Time),
    sa.Column("created_at", Time, nullable=False, server_default=NOW),
    sa.Index("posts_of_owner", "owner", "id"),
    sa.Index("posts_of_channel", "channel_id", "id"),
    sa.Index("posts_by_external_id", "channel_id", "external_id", unique=True),
    sa.Index("posts_by_url", "channel_id", "url", unique=True, postgresql_where=sa.text("url <> ''")),
)

builds = sa.Table(
    "builds",
    metadata,
    sa.Column("id", sa.Text, primary_key=True, comment="that of the job"),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("bot_id", sa.Text, sa.ForeignKey(bots.c.id, ondelete="CASCADE"), nullable=False),
    sa.Column("trigger", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("engine", sa.Text, nullable=False, comment="as asked for: auto, local or llm"),
    sa.Column("prompt_version", sa.Integer, nullable=False),
    sa.Column("stopping", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("resting", sa.Boolean, nullable=False, server_default=sa.false(), comment="its job let go of it"),
    sa.Column("seen_at", Time, nullable=False, server_default=NOW, comment="its job lived then"),
    sa.Column("digest_id", sa.Text),
    sa.Column("report", JSONB),
    sa.Column("error", sa.Text, nullable=False, server_default=""),
    sa.Column("started_at", Time, nullable=False, server_default=NOW),
    sa.Column("ended_at", Time),
    sa.Index("builds_of_owner", "owner", "id"),
    sa.Index("builds_running", "bot_id", unique=True, postgresql_where=sa.text("ended_at IS NULL")),
    sa.Index("builds_of_bot", "bot_id", "id"),
)

batches = sa.Table(
    "batches",
    metadata,
    sa.Column("build_id", sa.Text, sa.ForeignKey(builds.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("n", sa.Integer, primary_key=True),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("invalid", sa.Integer, nullable=False, server_default="0", comment="posts skipped, merged or invented"),
    sa.Column("engine", sa.Text, nullable=False, server_default=""),
    sa.Column("usage", JSONB, nullable=False, server_default="{}"),
    sa.Column("sent_at", Time, comment="confirmed by RabbitMQ"),
    sa.Column("touched_at", Time, nullable=False, server_default=NOW, comment="when something was last heard of it"),
    sa.Column("started_at", Time),
    sa.Column("ended_at", Time),
)

fates = sa.Table(
    "fates",
    metadata,
    sa.Column("bot_id", sa.Text, sa.ForeignKey(bots.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("post_id", sa.Text, sa.ForeignKey(posts.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("build_id", sa.Text, comment="the build that has it, or had it last"),
    sa.Column("batch", sa.Integer, comment="number of the batch that has it now"),
    sa.Column("alone", sa.Boolean, nullable=False, server_default=sa.false(), comment="shares a batch with no other"),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0", comment="batches that were given up with it"),
    sa.Column("category", sa.Text),
    sa.Column("summary", sa.Text, nullable=False, server_default=""),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("duplicate_of", sa.Text),
    sa.Column("engine", sa.Text, nullable=False, server_default=""),
    sa.Column("prompt_version", sa.Integer),
    sa.Column("digest_id", sa.Text),
    sa.Column("updated_at", Time, nullable=False, server_default=NOW),
    sa.Index("fates_of_build", "build_id", "batch"),
    sa.Index("fates_of_post", "post_id"),
)

digests = sa.Table(
    "digests",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("bot_id", sa.Text, sa.ForeignKey(bots.c.id, ondelete="CASCADE"), nullable=False),
    sa.Column("build_id", sa.Text, unique=True, comment="or the job that made it again"),
    sa.Column("rerun_of", sa.Text),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("engine", sa.Text, nullable=False),
    sa.Column("prompt_version", sa.Integer, nullable=False),
    sa.Column("posts", sa.Integer, nullable=False),
    sa.Column("considered", sa.Integer, nullable=False),
    sa.Column("content", JSONB, nullable=False, comment="sections, sizes of the batches, usage, each post's fate"),
    sa.Column("deliver_sent_at", Time, comment="its webhook's job was sent"),
    sa.Column("delivered_at", Time),
    sa.Column("delivery_error", sa.Text, nullable=False, server_default=""),
    sa.Column("created_at", Time, nullable=False, server_default=NOW),
    sa.Index("digests_of_owner", "owner", "id"),
    sa.Index("digests_of_bot", "bot_id", "id"),
)

schedule_slots = sa.Table(
    "schedule_slots",
    metadata,
    sa.Column("schedule", sa.Text, primary_key=True),
    sa.Column("slot", sa.Text, primary_key=True),
    sa.Column("claimed_by", sa.Text, nullable=False, comment="the job that does it"),
    sa.Column("created_at", Time, nullable=False, server_default=NOW),
)
