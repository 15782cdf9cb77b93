"""Run by Alembic."""

from gateway.models import metadata
from warren.database import run_migrations

run_migrations(metadata)
