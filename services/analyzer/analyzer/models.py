"""The analyzer's tables, in the schema `analyzer`. Nobody else reads them."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

metadata = sa.MetaData(schema="analyzer")

Time = sa.DateTime(timezone=True)
NOW = sa.text("now()")


class HalfVector(sa.types.UserDefinedType[bytes]):
    """pgvector's `halfvec`, of any length: that depends on the embedding engine, and so is each engine's index."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "halfvec"


text_ids = sa.Sequence("text_ids", metadata=metadata)

texts = sa.Table(
    "texts",
    metadata,
    sa.Column("owner", sa.Text, primary_key=True),
    sa.Column("track_id", sa.Text, primary_key=True),
    sa.Column("id", sa.BigInteger, nullable=False, comment="that of its vector"),
    sa.Column("sha256", sa.LargeBinary, nullable=False, comment="of the text in UTF-8"),
    sa.Column("model", sa.Text, nullable=False, comment="whose vectors can be compared"),
    sa.Column("features_version", sa.Integer, nullable=False),
    sa.Column("features", JSONB, nullable=False),
    sa.Column("excerpt", sa.Text, nullable=False),
    sa.Column("llm_analysis", JSONB, comment="an LlmAnalysis, if it was asked for"),
    sa.Column("created_at", Time, nullable=False, server_default=NOW),
    sa.Column("updated_at", Time, nullable=False, server_default=NOW),
)

vectors = sa.Table(
    "vectors",
    metadata,
    # A text with nothing in it has none. The partitions are made by the function `analyzer.make_room`.
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False, comment="that of its text"),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("track_id", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False, comment="whose vectors can be compared"),
    sa.Column("language", sa.Text, comment="also among the features, as are the topics"),
    sa.Column("topics", sa.ARRAY(sa.Text), nullable=False),
    sa.Column("embedding", HalfVector, nullable=False),
    # For filters that leave few texts: those are found by them, and compared one by one.
    sa.Index("vectors_by_language", "owner", "language"),
    sa.Index("vectors_by_topic", "topics", postgresql_using="gin"),
    postgresql_partition_by="RANGE (id)",
)

batches = sa.Table(
    "batches",
    metadata,
    sa.Column("id", sa.Text, primary_key=True, comment="that of its job"),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("blob", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False, comment="bytes of the blob"),
    sa.Column("format", JSONB, nullable=False, comment="how to read a line"),
    sa.Column("report", JSONB, comment="of a batch that ended"),
    sa.Column("created_at", Time, nullable=False, server_default=NOW),
)

chunks = sa.Table(
    "chunks",
    metadata,
    sa.Column("batch_id", sa.Text, sa.ForeignKey(batches.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("n", sa.Integer, primary_key=True),
    sa.Column("start", sa.BigInteger, nullable=False, comment="first byte"),
    sa.Column("stop", sa.BigInteger, nullable=False, comment="behind the last byte"),
    sa.Column("line", sa.BigInteger, nullable=False, comment="number of the first line"),
    sa.Column("lines", sa.Integer, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0", comment="how often it was begun"),
    sa.Column("touched_at", Time, comment="sent or begun"),
    sa.Column("done", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("texts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("stored", sa.Integer, nullable=False, server_default="0"),
    sa.Column("unchanged", sa.Integer, nullable=False, server_default="0"),
    sa.Column("duplicates", sa.Integer, nullable=False, server_default="0"),
    sa.Column("failed", sa.Integer, nullable=False, server_default="0"),
    sa.Column("errors", JSONB, nullable=False, server_default="[]", comment="its lines that were not kept"),
    sa.Column("llm_failed", sa.Integer, nullable=False, server_default="0"),
    sa.Column("usage", JSONB, comment="what the language model took"),
)

claims = sa.Table(
    "claims",
    metadata,
    # Without a foreign key, which would be looked up for each of a million texts.
    sa.Column("batch_id", sa.Text, primary_key=True),
    sa.Column("track_id", sa.Text, primary_key=True),
    sa.Column("line", sa.BigInteger, nullable=False, comment="the last one that had this id so far"),
    sa.Column("sha256", sa.LargeBinary, nullable=False),
)
