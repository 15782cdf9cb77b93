"""Run by Alembic."""

from analyzer.models import metadata
from warren.database import run_migrations

run_migrations(metadata)
