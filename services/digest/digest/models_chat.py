"""The tables of chat, topics, content and recommendations, in the same schema as the others (`digest.models`)."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from digest.models import NOW, Time, metadata

messages = sa.Table(
    "messages",
    metadata,
    sa.Column("id", sa.Text, primary_key=True, comment="that of the chat job"),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("reply", JSONB, nullable=False, comment="text, engine, topic before, warnings, usage"),
    sa.Column("topics_job_id", sa.Text, nullable=False, unique=True),
    sa.Column("recommend_job_id", sa.Text, nullable=False, unique=True),
    sa.Column("topics", sa.ARRAY(sa.Text), comment="best first; empty until they are found"),
    sa.Column("topics_engine", sa.Text),
    sa.Column("recommended_at", Time, comment="recommendations take this message into account since"),
    sa.Column("created_at", Time, nullable=False, server_default=NOW),
    sa.Index("messages_of_user", "owner", "user_id", "created_at"),
    sa.Index("messages_by_age", "created_at"),
)

user_topics = sa.Table(
    "user_topics",
    metadata,
    sa.Column("owner", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("message_id", sa.Text, nullable=False),
    sa.Column("engine", sa.Text, nullable=False),
    sa.Column("since", Time, nullable=False, comment="when the message was written"),
    sa.Column("expires_at", Time, nullable=False, index=True),
)

topics = sa.Table(
    "topics",
    metadata,
    sa.Column("owner", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True, comment="stems, or the theme of the library that it is"),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("merged_into", sa.Text, comment="key of the topic that means the same"),
    sa.Column("popularity", sa.Float, nullable=False, comment="at `last_at`; halves with every half-life"),
    sa.Column("messages", sa.Integer, nullable=False),
    sa.Column("last_at", Time, nullable=False),
    sa.Index("topics_of_owner", "owner", "last_at"),
)

popular_topics = sa.Table(
    "popular_topics",
    metadata,
    sa.Column("owner", sa.Text, primary_key=True),
    sa.Column("rank", sa.Integer, primary_key=True),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("popularity", sa.Float, nullable=False),
    sa.Column("messages", sa.Integer, nullable=False),
    sa.Column("last_at", Time, nullable=False),
    sa.Column("refreshed_at", Time, nullable=False),
)

content = sa.Table(
    "content",
    metadata,
    sa.Column("owner", sa.Text, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True, comment="UTC"),
    sa.Column("key", sa.Text, primary_key=True, comment="of the topic"),
    sa.Column("id", sa.Text, primary_key=True, comment="the same for the same content on any day"),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("place", sa.Integer, nullable=False, comment="best first"),
    sa.Column("item", JSONB, nullable=False, comment="a ContentItem"),
    sa.Index("content_by_day", "day"),
)

reads = sa.Table(
    "reads",
    metadata,
    sa.Column("owner", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("item_id", sa.Text, primary_key=True),
    sa.Column("read_at", Time, nullable=False, server_default=NOW),
)

recommendations = sa.Table(
    "recommendations",
    metadata,
    sa.Column("owner", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("items", JSONB, nullable=False),
    sa.Column("stale", sa.Boolean, nullable=False),
    sa.Column("made_at", Time, nullable=False),
    sa.Column("expires_at", Time, nullable=False, index=True),
)
