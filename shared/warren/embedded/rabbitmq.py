"""A private RabbitMQ node, which can never meet another broker of this machine."""

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import tempfile
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from warren.embedded.server import EmbeddedError, EmbeddedServer, free_port
from warren.topology import LONG_JOB_MILLISECONDS

USER = "warren"
VHOST = "warren"
METRICS = "rabbitmq_prometheus"
_NODE = "warren@localhost"

QUIET = "+sbwt none +sbwtdcpu none +sbwtdio none"
"""Arguments of the Erlang VM with which an idle broker does not spin."""

# Where Homebrew and distributions keep the real script. The one that Debian puts on the PATH is a wrapper that
# switches to the user of the system's own broker.
_SCRIPTS = (
    "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "/opt/homebrew/opt/rabbitmq/sbin/rabbitmq-server",
    "/usr/local/opt/rabbitmq/sbin/rabbitmq-server",
)


def find_rabbitmq() -> Path | None:
    """The `rabbitmq-server` script of this machine, if RabbitMQ is installed."""
    found = next((path for path in _SCRIPTS if os.access(path, os.X_OK)), None) or shutil.which("rabbitmq-server")
    return Path(found) if found else None


class EmbeddedRabbitMQ(EmbeddedServer):
    """A RabbitMQ node on `data`, on 127.0.0.1 at `port`.

    It runs without epmd, the daemon through which Erlang nodes of one machine find each other, with its own cookie
    and its own settings, so neither finds the other. `management` adds the HTTP API (and its web page), which costs
    a second at start and at stop. `plugins` are further ones; METRICS serves Prometheus at `metrics_port`.
    """

    name = "RabbitMQ"
    stop_signal = signal.SIGTERM

    def __init__(
        self, data: Path, port: int | None = None, *, management: bool = False, plugins: Sequence[str] = ()
    ) -> None:
        super().__init__(data, port)
        self._distribution_port = free_port()
        self._plugins = ("rabbitmq_management", *plugins) if management else tuple(plugins)
        self.management_port = free_port() if management else None
        self.metrics_port = free_port() if METRICS in plugins else None

    @property
    def url(self) -> str:
        """`amqp://` URL of the default virtual host."""
        return self.vhost_url(VHOST)

    @property
    def management_url(self) -> str:
        """`http://` URL of the management API, with user and password."""
        return f"http://{USER}:{self._password}@127.0.0.1:{self.management_port}/api/"

    def vhost_url(self, vhost: str) -> str:
        """`amqp://` URL of a virtual host."""
        return f"amqp://{USER}:{self._password}@127.0.0.1:{self.port}/{quote(vhost, safe='')}"

    def create_vhost(self, vhost: str) -> str:
        """Create an empty virtual host and return its `amqp://` URL. Needs `management`."""
        name = quote(vhost, safe="")
        self._manage("PUT", f"vhosts/{name}")
        self._manage("PUT", f"permissions/{name}/{USER}", {"configure": ".*", "write": ".*", "read": ".*"})
        return self.vhost_url(vhost)

    def delete_vhost(self, vhost: str) -> None:
        """Delete a virtual host with its queues and connections. Needs `management`."""
        self._manage("DELETE", f"vhosts/{quote(vhost, safe='')}")

    def _manage(self, method: str, path: str, body: dict[str, str] | None = None) -> None:
        url = f"http://127.0.0.1:{self.management_port}/api/{path}"
        passwords = urllib.request.HTTPPasswordMgrWithPriorAuth()
        passwords.add_password(None, url, USER, self._password, is_authenticated=True)
        no_proxy = urllib.request.ProxyHandler({})
        opener = urllib.request.build_opener(no_proxy, urllib.request.HTTPBasicAuthHandler(passwords))
        data = json.dumps(body or {}).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        opener.open(request, timeout=10).close()

    @property
    def _password(self) -> str:
        return _secret(self.data / "password")

    def _prepare(self) -> None:
        home = self.data / "home"
        home.mkdir(exist_ok=True)
        _secret(home / ".erlang.cookie")
        settings = [
            f"listeners.tcp.1 = 127.0.0.1:{self.port}",
            f"default_user = {USER}",
            f"default_pass = {self._password}",
            f"default_vhost = {VHOST}",
            "log.file.level = info",
            # Milliseconds a job may take; brokers before 3.12 do not read it from the queue.
            f"consumer_timeout = {LONG_JOB_MILLISECONDS}",
            # The log of quorum queues lies in memory too until it is this long (bytes; the default is 512 MiB).
            "raft.wal_max_size_bytes = 67108864",
        ]
        if self.management_port:
            settings += ["management.tcp.ip = 127.0.0.1", f"management.tcp.port = {self.management_port}"]
        if self.metrics_port:
            settings += ["prometheus.tcp.ip = 127.0.0.1", f"prometheus.tcp.port = {self.metrics_port}"]
        self._file("rabbitmq.conf").write_text("\n".join(settings) + "\n")
        self._file("rabbitmq.conf").chmod(0o600)
        # That log at its full length from the start: a file that grows costs the disk twice as long to make durable.
        self._file("advanced.config").write_text("[{ra, [{wal_pre_allocate, true}]}].\n")
        self._file("enabled_plugins").write_text(f"[{','.join(self._plugins)}].\n")
        # Empty, and named below so that the system's own /etc/rabbitmq/rabbitmq-env.conf is not read.
        self._file("rabbitmq-env.conf").write_text("")

    def _file(self, name: str) -> Path:
        return self.data / name

    def _command(self) -> list[str]:
        script = find_rabbitmq()
        if script is None:
            raise EmbeddedError("RabbitMQ is not installed: no rabbitmq-server was found")
        return [str(script)]

    def _environment(self) -> dict[str, str]:
        # Nothing of the caller's RABBITMQ_* or ERL_* reaches the node.
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LANG") if name in os.environ}
        threads = min(4, os.cpu_count() or 1)
        erlang = [
            f"-sname {_NODE} -start_epmd false -erl_epmd_port {self._distribution_port}",
            "-kernel inet_dist_use_interface {127,0,0,1}",
            f"+S {threads}:{threads} +SDcpu {threads}:{threads}",
            QUIET,
        ]
        return kept | {
            "HOME": str(self.data / "home"),
            "RABBITMQ_CONF_ENV_FILE": str(self._file("rabbitmq-env.conf")),
            "RABBITMQ_CONFIG_FILE": str(self._file("rabbitmq.conf")),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self._file("advanced.config")),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._file("enabled_plugins")),
            "RABBITMQ_MNESIA_BASE": str(self.data / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.data / "log"),
            "RABBITMQ_PID_FILE": str(self.data / "rabbitmq.pid"),
            "RABBITMQ_NODENAME": _NODE,
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": " ".join(erlang),
            # The script replaces itself with the Erlang VM, so that our child is the broker.
            "RUNNING_UNDER_SYSTEMD": "true",
        }

    def _ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"AMQP\x00\x00\x09\x01")
                return connection.recv(1) == b"\x01"  # the method frame connection.start
        except OSError:
            return False


def _secret(path: Path) -> str:
    """The secret kept in `path`, made at the first use."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, new = tempfile.mkstemp(dir=path.parent)  # readable by nobody else, as Erlang wants its cookie
        with open(handle, "w") as file:  # noqa: PTH123  a file handle, not a path
            file.write(secrets.token_hex(16))
        with contextlib.suppress(FileExistsError):
            os.link(new, path)  # whoever comes first has made it
        os.unlink(new)  # noqa: PTH108
    return path.read_text()
