"""`warren topology|dead|migrate`: what an operator does to RabbitMQ, and to the tables that all services share."""

import argparse
import os
import sys

from amqp.exceptions import AMQPError
from kombu.exceptions import OperationalError

from warren import database, deadletters, topology
from warren.settings import Settings


def main() -> None:
    arguments = _parser().parse_args()
    settings = Settings()
    if arguments.command == "migrate":
        # Imported late: the openai SDK, which comes along, takes longer than all else this program does.
        from warren.llm.tables import MIGRATIONS  # noqa: PLC0415

        database.migrate(settings.database_url.get_secret_value(), MIGRATIONS)
        return
    url = settings.broker_url.get_secret_value()
    try:
        if arguments.command == "topology":
            topology.declare(url)
            print(f"{len(topology.EXCHANGES)} exchanges and {len(topology.queues())} queues are there.")
        else:
            _dead(arguments, url)
    except BrokenPipeError:  # whom the output was for has seen enough
        os._exit(0)
    except (OSError, OperationalError) as error:
        sys.exit(f"RabbitMQ cannot be reached (WARREN_BROKER_URL): {error}")
    except AMQPError as error:
        sys.exit(f"RabbitMQ refuses (WARREN_BROKER_URL): {error}")


def _dead(arguments: argparse.Namespace, url: str) -> None:
    queues = [arguments.queue] if arguments.queue else list(topology.JOB_QUEUES)
    for queue in queues:
        for letter in deadletters.take(url, queue, arguments.action, arguments.job):
            print(f"{letter.queue}  {letter.job_id}  {letter.kind}  {letter.reason}  {letter.died_at}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="warren", description="What Warren's services share, for operators.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate", help="bring the schema up to date that counts requests to language models")
    actions = commands.add_parser("topology", help="exchanges and queues").add_subparsers(dest="action", required=True)
    actions.add_parser("declare", help="make all that are missing")
    dead = commands.add_parser("dead", help="jobs whose message was given up")
    dead.add_argument("action", choices=[action.value for action in deadletters.Action])
    dead.add_argument("--queue", choices=topology.JOB_QUEUES, help="only of this queue")
    dead.add_argument("--job", help="only this job")
    return parser
