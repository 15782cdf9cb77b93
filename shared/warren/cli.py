"""`warren topology|dead|migrate`: what an operator does to RabbitMQ, and to the tables that all services share.

The program `warren` (cli/warren_cli) offers these beside its own; where only this library is installed,
`python -m warren.cli` has them alone.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from typing import Any

import kombu
from amqp.exceptions import AMQPError
from kombu.exceptions import OperationalError

from warren import access, brokerapi, database, deadletters, topology
from warren.settings import BrokerUsers, Settings


def main() -> None:
    parser = argparse.ArgumentParser(prog="warren", description="What Warren's services share, for operators.")
    commands = parser.add_subparsers(dest="command", required=True)
    add_topology(commands.add_parser("topology", help="exchanges and queues"))
    add_dead(commands.add_parser("dead", help="jobs whose message was given up"))
    add_migrate(commands.add_parser("migrate", help="bring the shared schema up to date"))
    arguments = parser.parse_args()
    arguments.run(arguments)


def add_migrate(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_migrate)


def add_topology(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    runs = {"declare": lambda: _at_rabbitmq(_declare), "users": _make_users, "definitions": _print_definitions}
    actions.add_parser("declare", help="make all that are missing")
    actions.add_parser("users", help="make each service's user, with its permissions and the password of the settings")
    actions.add_parser("definitions", help="print these users as a file that RabbitMQ imports")
    parser.set_defaults(run=lambda arguments: runs[arguments.action]())


def add_dead(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=[action.value for action in deadletters.Action])
    parser.add_argument("--queue", choices=topology.JOB_QUEUES, help="only of this queue")
    parser.add_argument("--job", help="only this job")
    parser.set_defaults(run=lambda arguments: _at_rabbitmq(lambda url: _dead(arguments, url)))


def _migrate(_: argparse.Namespace) -> None:
    # Imported late: the openai SDK, which comes along, takes longer than all else this program does.
    from warren.llm.tables import MIGRATIONS  # noqa: PLC0415

    database.migrate(Settings().database_url.get_secret_value(), MIGRATIONS)


def _at_rabbitmq(work: Callable[[str], None]) -> None:
    """Give the broker's URL to `work`; what goes wrong there is one sentence, and exit code 1."""
    try:
        work(Settings().broker_url.get_secret_value())
    except BrokenPipeError:  # whom the output was for has seen enough
        os._exit(0)
    except (OSError, OperationalError) as error:
        sys.exit(f"RabbitMQ cannot be reached (WARREN_BROKER_URL): {error}")
    except AMQPError as error:
        sys.exit(f"RabbitMQ refuses (WARREN_BROKER_URL): {error}")


def _declare(url: str) -> None:
    topology.declare(url)
    print(f"{len(topology.EXCHANGES)} exchanges and {len(topology.queues())} queues are there.")


def _definitions(settings: BrokerUsers) -> dict[str, Any]:
    """Raises SystemExit, in a sentence, if a service has no password."""
    passwords = settings.passwords()
    if missing := [f"WARREN_BROKER_PASSWORD_{user.upper()}" for user in access.SERVICES if not passwords[user]]:
        sys.exit(f"These are empty: {', '.join(missing)}")
    vhost = kombu.Connection(settings.broker_url.get_secret_value()).virtual_host or "/"
    return access.definitions(passwords, vhost)


def _print_definitions() -> None:
    print(json.dumps(_definitions(BrokerUsers()), indent=2))


def _make_users() -> None:
    settings = BrokerUsers()
    made = _definitions(settings)
    try:
        brokerapi.import_definitions(settings.broker_api_url.get_secret_value(), made)
    except OSError as error:
        sys.exit(f"RabbitMQ's management API cannot be used (WARREN_BROKER_API_URL): {error}")
    print(f"{len(made['users'])} users have their permissions.")


def _dead(arguments: argparse.Namespace, url: str) -> None:
    queues = [arguments.queue] if arguments.queue else list(topology.JOB_QUEUES)
    for queue in queues:
        for letter in deadletters.take(url, queue, arguments.action, arguments.job):
            print(f"{letter.queue}  {letter.job_id}  {letter.kind}  {letter.reason}  {letter.died_at}")


if __name__ == "__main__":
    main()
