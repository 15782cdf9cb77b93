"""The running suite, from the first process to the last."""

import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from honcho.printer import Printer

from warren.embedded import EmbeddedPostgres, rabbitmq_server
from warren.embedded.guard import ProcessGuard
from warren.embedded.server import EmbeddedServer
from warren.errors import WarrenError
from warren_local import plan, ports
from warren_local.children import Children, Running
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


class _StopAsked(Exception):
    """Ctrl-C, or a signal."""


class Suite:
    """Servers, set-up steps and services. `stopping` is asked often; once it is true, everything ends."""

    def __init__(self, settings: LocalSettings, stopping: Callable[[], bool]) -> None:
        self._settings = settings
        self._stopping = stopping
        data = settings.data.absolute()
        self._operator_script = data / "env"
        self._guard = ProcessGuard(data / "processes")
        self._children = Children(self._guard, Printer(sys.stdout, width=plan.WIDTH))
        self._broker = rabbitmq_server(data / "rabbitmq")
        self._database = EmbeddedPostgres(data / "postgres")
        self._servers = Servers(self._broker, self._database, say=self._children.say)

    def run(self) -> None:
        """Start everything, keep it running, and return once it has all been stopped again.

        Raises CannotStart, PortBusy or EmbeddedError.
        """
        self._guard.start()  # ends what a killed run left, which may hold the port
        try:
            ports.check(self._settings)
            self._serve()
        finally:
            self._guard.stop()

    def _serve(self) -> None:
        try:
            with suppress(_StopAsked):
                self._bring_up()
                while True:
                    self._tick()
        finally:
            self._children.say("stopping")
            self._children.stop(SERVICES_SECONDS)
            self._servers.stop(SERVERS_SECONDS)
            self._operator_script.unlink(missing_ok=True)
            self._children.say("stopped")

    def _bring_up(self) -> None:
        started_at = time.monotonic()
        self._children.say(f"starting RabbitMQ and PostgreSQL on {self._settings.data.absolute()}")
        self._servers.start()
        while not self._servers.up(self._database):
            self._tick()
        environment = plan.child_environment(self._settings, self._broker, self._database)
        self._set_up(environment)
        self._write_operator_script(environment)
        services = list(plan.processes(self._settings, environment))
        self._children.start(services)
        self._await_ready(services)
        for name, address in plan.metrics_urls(services).items():
            self._children.say(f"metrics of {name}: {address}")
        url = plan.public_url(self._settings)
        self._children.say(
            f"ready after {time.monotonic() - started_at:.0f} s\n\n    Open {url}   (Ctrl-C stops it)\n\n"
        )

    def _write_operator_script(self, environment: dict[str, str]) -> None:
        self._operator_script.unlink(missing_ok=True)
        only_ours = os.open(self._operator_script, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)  # passwords are in it
        with os.fdopen(only_ours, "w", encoding="utf-8") as file:
            file.write(plan.operator_script(environment))

    def _set_up(self, environment: dict[str, str]) -> None:
        """Run the set-up steps of each server, one after the other, as soon as that server is up."""
        waiting = {server: plan.set_up(server.name, environment) for server in (self._database, self._broker)}
        current: dict[EmbeddedServer, Running] = {}
        while waiting:
            self._tick()
            for server, steps in list(waiting.items()):
                step = current.get(server)
                if not self._servers.up(server) or (step and step.process):
                    continue
                if step and step.returncode != 0:
                    raise CannotStart(f"the step `{step.child.name}` {step.end}; the lines above say why")
                if following := next(steps, None):
                    [current[server]] = self._children.start([following], restarts=False)
                else:
                    del waiting[server]

    def _await_ready(self, services: Sequence[Child]) -> None:
        waiting = {child.name: child.ready_url for child in services if child.ready_url}
        remind_at = time.monotonic() + REMIND_SECONDS
        pool = ThreadPoolExecutor(1)
        try:
            asked: Future[list[str]] = pool.submit(_not_ready, waiting)
            while True:
                self._tick()
                if name := self._children.hopeless(PATIENCE):
                    raise CannotStart(f"{name} ended {PATIENCE} times in a row; the lines above say why")
                if not asked.done():
                    continue
                if not asked.result():
                    return
                if time.monotonic() > remind_at:
                    self._children.say(f"not ready yet: {', '.join(asked.result())}")
                    remind_at += REMIND_SECONDS
                asked = pool.submit(_not_ready, waiting)
        finally:
            pool.shutdown(wait=False)

    def _tick(self) -> None:
        """What has to be done all the time. Raises _StopAsked when it is time to end."""
        if self._stopping():
            raise _StopAsked
        self._children.pump(0.1)
        self._servers.check()


def _not_ready(urls: dict[str, str]) -> list[str]:
    return [name for name, url in urls.items() if not _answers(url)]


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy knows nothing of this machine
    try:
        with opener.open(url, timeout=1) as response:
            return int(response.status) == 200
    except (urllib.error.URLError, OSError):
        return False
