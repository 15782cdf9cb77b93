"""Run by Alembic."""

from digest.models import metadata
from warren.database import run_migrations

run_migrations(metadata)
