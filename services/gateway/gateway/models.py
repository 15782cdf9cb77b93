"""The gateway's tables, in the schema `gateway`. Nobody else reads them."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

metadata = sa.MetaData(schema="gateway")

Time = sa.DateTime(timezone=True)


def among(column: sa.Column[str], values: Iterable[str]) -> sa.ColumnElement[bool]:
    """`column = ANY(values)`: one statement for any number of values, where `IN` makes a new one for each."""
    return column == sa.any_(sa.literal(list(values), sa.ARRAY(sa.Text)))


NOW = sa.text("now()")

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False, unique=True, comment="SHA-256 of the key; the key is shown once"),
    sa.Column("scopes", sa.ARRAY(sa.Text), nullable=False),
    sa.Column("requests_per_minute", sa.Integer, comment="own limit; the general one when empty"),
    sa.Column("created_at", Time, nullable=False, server_default=NOW),
    sa.Column("revoked_at", Time),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("key_id", sa.Text, nullable=False),
    sa.Column("created_at", Time, nullable=False, server_default=NOW),
    sa.Column("expires_at", Time, nullable=False, index=True),
    sa.Column("ended_at", Time, comment="expired or deleted; the row stays a while, to answer 410 instead of 404"),
)

files = sa.Table(
    "files",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("key_id", sa.Text, nullable=False),
    sa.Column("session_id", sa.Text, sa.ForeignKey(sessions.c.id), index=True),
    sa.Column("blob", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False, comment="what the client called it; for people, never a path"),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("created_at", Time, nullable=False, server_default=NOW),
    sa.Column("expires_at", Time, nullable=False, index=True, comment="that of its session, or its own"),
)

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("key_id", sa.Text, nullable=False),
    sa.Column("session_id", sa.Text),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("queue", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("payload", JSONB, nullable=False),
    sa.Column("trace", JSONB, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("run", sa.Integer, nullable=False, comment="(run, n) of the last event recorded"),
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("progress", JSONB),
    sa.Column("result", JSONB),
    sa.Column("result_blob", sa.Text),
    sa.Column("brief", JSONB, comment="the small fields of the result, for lists and for the dialog"),
    sa.Column("artifacts", JSONB, nullable=False, server_default="[]"),
    sa.Column("error", JSONB),
    sa.Column("created_at", Time, nullable=False),
    sa.Column("sent_at", Time, comment="confirmed by RabbitMQ; a queued job without it is sent again"),
    sa.Column("cancel_requested_at", Time),
    sa.Column("started_at", Time),
    sa.Column("completed_at", Time),
    sa.Column("expires_at", Time, nullable=False, comment="ended as expired if it is not finished by then"),
    # Few and partial: every change of a job writes to each index that holds it.
    sa.Index("jobs_of_key", "key_id", "id"),
    sa.Index("jobs_of_session", "session_id", "id", postgresql_where=sa.text("session_id IS NOT NULL")),
    sa.Index("jobs_unsent", "created_at", postgresql_where=sa.text("sent_at IS NULL AND status = 'queued'")),
    sa.Index("jobs_open", "expires_at", postgresql_where=sa.text("completed_at IS NULL")),
    sa.Index("jobs_streaming", "id", postgresql_where=sa.text("kind = 'transcriber.stream' AND completed_at IS NULL")),
)

job_events = sa.Table(
    "job_events",
    metadata,
    sa.Column("job_id", sa.Text, sa.ForeignKey(jobs.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("run", sa.Integer, primary_key=True),
    sa.Column("n", sa.Integer, primary_key=True),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("at", Time, nullable=False),
    sa.Column("data", JSONB, nullable=False),
)

idempotency_keys = sa.Table(
    "idempotency_keys",
    metadata,
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("idempotency_key", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False, comment="of method, path and body"),
    sa.Column("status", sa.Integer, comment="of the first answer; empty while it is in flight"),
    sa.Column("response", JSONB),
    sa.Column("location", sa.Text),
    sa.Column("created_at", Time, nullable=False, server_default=NOW, index=True),
)

tickets = sa.Table(
    "tickets",
    metadata,
    sa.Column("hash", sa.LargeBinary, primary_key=True),
    sa.Column("key_id", sa.Text, nullable=False),
    sa.Column("expires_at", Time, nullable=False),
)

schedule_slots = sa.Table(
    "schedule_slots",
    metadata,
    sa.Column("schedule", sa.Text, primary_key=True),
    sa.Column("slot", sa.Text, primary_key=True),
    sa.Column("created_at", Time, nullable=False, server_default=NOW),
)
