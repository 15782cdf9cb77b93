"""Run by Alembic."""

from digest import models_chat
from warren.database import run_migrations

run_migrations(models_chat.messages.metadata)
