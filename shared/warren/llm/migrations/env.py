"""Run by Alembic."""

from warren.database import run_migrations
from warren.llm.tables import metadata

run_migrations(metadata)
