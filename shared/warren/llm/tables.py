"""The schema `llm`, which belongs to this library (docs/decisions/0007): what all workers of all services share."""

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

MIGRATIONS = Path(__file__).parent / "migrations"

metadata = sa.MetaData(schema="llm")

requests = sa.Table(
    "requests",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="when it may be sent; may lie ahead"),
    sa.Column("tokens", sa.Integer, nullable=False, comment="estimated, then as counted by the endpoint"),
    sa.Index("ix_llm_requests_provider_at", "provider", "at"),
    comment="requests of the last minutes and those that wait for their turn",
)

spending = sa.Table(
    "spending",
    metadata,
    sa.Column("day", sa.Date, primary_key=True, comment="UTC"),
    sa.Column("provider", sa.Text, primary_key=True),
    sa.Column("requests", sa.BigInteger, nullable=False, comment="each retry counted"),
    sa.Column("tokens", sa.BigInteger, nullable=False),
    sa.Column("cost", sa.Float, nullable=False, comment="what is under way counts with its estimate"),
)

answers = sa.Table(
    "answers",
    metadata,
    sa.Column("key", sa.LargeBinary, primary_key=True, comment="SHA-256 of what was asked"),
    sa.Column("answer", postgresql.JSONB, nullable=False),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
)
