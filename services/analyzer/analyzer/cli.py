"""`analyzer worker|migrate`: the analyzer's processes for people; `analyzer-bulk worker` is that for texts."""

import argparse
import asyncio
import sys
from pathlib import Path

from pydantic import ValidationError

from analyzer.settings import AnalyzerSettings
from analyzer.texts.embeddings import EmbeddingSettings
from analyzer.worker import service
from warren import database
from warren.worker.service import run_worker

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(settings: EmbeddingSettings) -> None:
    """Bring the schema up to date, and make the index of the embedding engine's vectors."""
    # Imported here: the worker of questions never needs what they load.
    from analyzer.texts import work  # noqa: PLC0415
    from analyzer.texts.store import nearest  # noqa: PLC0415

    url = settings.database_url.get_secret_value()
    database.migrate(url, MIGRATIONS)

    async def index() -> None:
        async with database.connect(url, "warren-analyzer") as store, store.transaction() as connection:
            await nearest.create_index(connection, work.model(settings))

    asyncio.run(index())


def main() -> None:
    parser = argparse.ArgumentParser(prog="analyzer", description="Warren's analyzer.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("worker", help="answer questions about tables, and queries about texts")
    commands.add_parser("migrate", help="bring the database schema up to date")
    arguments = parser.parse_args()
    if arguments.command == "worker":
        sys.exit(run_worker(service))
    try:
        migrate(AnalyzerSettings())
    except ValidationError as error:
        sys.exit("\n".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()))
    except ValueError as error:
        sys.exit(str(error))
