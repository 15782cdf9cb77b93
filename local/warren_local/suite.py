"""The running suite, from the first process to the last."""

import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from honcho.printer import Printer

from warren.embedded import EmbeddedPostgres, rabbitmq_server
from warren.embedded.guard import ProcessGuard
from warren.errors import WarrenError
from warren_local import plan
from warren_local.children import Children
from warren_local.plan import Child
from warren_local.servers import Servers
from warren_local.settings import LocalSettings

# Ctrl-C ends everything within ten seconds: first the services, then the servers, which lose nothing when killed.
SERVICES_SECONDS = 5.0
SERVERS_SECONDS = 4.0

REMIND_SECONDS = 15.0
"""While something is not ready, say what, this often."""

PATIENCE = 5
"""A process that fails so often before the suite was ever ready will not get better by itself."""


class CannotStart(WarrenError):
    """The suite cannot run; the message says why, for a person."""


class Suite:
    """Servers, set-up steps and services. `stopping` is asked often; once it is true, everything ends."""

    def __init__(self, settings: LocalSettings, stopping: Callable[[], bool]) -> None:
        self._settings = settings
        self._stopping = stopping
        data = settings.data.absolute()
        self._guard = ProcessGuard(data / "processes")
        self._children = Children(self._guard, Printer(sys.stdout, width=len("warren")))
        self._broker = rabbitmq_server(data / "rabbitmq")
        self._database = EmbeddedPostgres(data / "postgres")
        self._servers = Servers(self._broker, self._database, say=self._children.say)

    def run(self) -> None:
        """Start everything, keep it running, and return once it has all been stopped again.

        Raises CannotStart or EmbeddedError.
        """
        self._guard.start()
        try:
            self._bring_up()
            while not self._stopping():
                self._tick()
        finally:
            self._children.say("stopping")
            self._children.stop(SERVICES_SECONDS)
            self._servers.stop(SERVERS_SECONDS)
            self._guard.stop()

    def _bring_up(self) -> None:
        started_at = time.monotonic()
        self._children.say(f"starting RabbitMQ and PostgreSQL on {self._settings.data.absolute()}")
        self._servers.start()
        while not self._servers.check():
            if self._wait():
                return
        environment = plan.child_environment(self._settings, self._broker, self._database)
        for step in plan.set_up(environment):
            if self._finish(step):
                return
        services = list(plan.processes(self._settings, environment))
        self._children.start(services)
        if self._await_ready(services):
            return
        self._children.say(f"ready after {time.monotonic() - started_at:.0f} s")
        self._children.say("")
        self._children.say(f"    Open {plan.public_url(self._settings)}   (Ctrl-C here stops everything)")
        self._children.say("")

    def _finish(self, step: Child) -> bool:
        """Run a step to its end; true if the suite is to stop instead."""
        [running] = self._children.start([step], restarts=False)
        while running.process is not None:
            if self._wait():
                return True
        if running.returncode != 0:
            raise CannotStart(f"The step `{step.name}` {running.end}; the lines above say why.")
        return False

    def _await_ready(self, services: Sequence[Child]) -> bool:
        """Wait until every service can work; true if the suite is to stop instead."""
        waiting = {child.name: child.ready_url for child in services if child.ready_url}
        remind_at = time.monotonic() + REMIND_SECONDS
        with ThreadPoolExecutor(1) as pool:
            asked: Future[list[str]] = pool.submit(_not_ready, waiting)
            while True:
                if self._wait():
                    return True
                if asked.done():
                    if not asked.result():
                        return False
                    if time.monotonic() > remind_at:
                        self._children.say(f"not ready yet: {', '.join(asked.result())}")
                        remind_at += REMIND_SECONDS
                    asked = pool.submit(_not_ready, waiting)
                if name := self._children.hopeless(PATIENCE):
                    raise CannotStart(f"{name} ended {PATIENCE} times in a row; the lines above say why.")

    def _wait(self) -> bool:
        self._tick()
        return self._stopping()

    def _tick(self) -> None:
        self._children.pump(0.1)
        self._servers.check()


def _not_ready(urls: dict[str, str]) -> list[str]:
    return [name for name, url in urls.items() if not _answers(url)]


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy knows nothing of this machine
    try:
        with opener.open(url, timeout=2) as response:
            return int(response.status) == 200
    except (urllib.error.URLError, OSError):
        return False
