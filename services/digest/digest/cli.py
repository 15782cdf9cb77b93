"""`digest worker|beat|migrate`: every process of the digest service."""

import argparse
import sys
from pathlib import Path

from pydantic import ValidationError

from digest.settings import DigestSettings
from digest.worker import service
from warren import database
from warren.worker.service import run_beat, run_worker

MIGRATIONS = Path(__file__).parent / "migrations"


def main() -> None:
    parser = argparse.ArgumentParser(prog="digest", description="Warren's digest service.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("worker", help="run jobs and answer queries")
    commands.add_parser("beat", help="send scheduled jobs")
    commands.add_parser("migrate", help="bring the database schema up to date")
    arguments = parser.parse_args()
    try:
        settings = DigestSettings()
    except ValidationError as error:
        sys.exit("\n".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()))
    match arguments.command:
        case "worker":
            sys.exit(run_worker(service))
        case "beat":
            run_beat(service)
        case "migrate":
            database.migrate(settings.database_url.get_secret_value(), MIGRATIONS)
