"""A frame to analyse, a laboratory in which single layers can be left out, and a folder worth attacking."""

import http.server
import os
import socket
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
import pytest_asyncio

from analyzer.frames import RunResult
from analyzer.sandbox import Sandbox, SandboxLimits, tiers
from analyzer.sandbox.channel import Channel
from analyzer.sandbox.limits import Layer
from analyzer.sandbox.replies import run_result
from analyzer.sandbox.wire import Request

WriteFrame = Callable[[pd.DataFrame], Path]


@pytest.fixture(scope="session")
def write_frame(tmp_path_factory: pytest.TempPathFactory) -> WriteFrame:
    """Writes a frame the way `prepare` does."""

    def write(frame: pd.DataFrame) -> Path:
        path = tmp_path_factory.mktemp("frame") / "frame.arrow"
        table = pa.Table.from_pandas(frame)
        with pa.ipc.new_file(str(path), table.schema) as writer:
            writer.write_table(table)
        return path

    return write


@pytest.fixture(scope="session")
def sales(write_frame: WriteFrame) -> Path:
    """240 sales: two a day from 2024-01-01, price 10 to 49, quantity 0 to 9, four regions, three products."""
    count = 240
    frame = pd.DataFrame(
        {
            "date": pd.date_range("2024-01-01", periods=count, freq="12h"),
            "region": ["North", "South", "East", "West"] * (count // 4),
            "product": ["tea", "coffee", "cocoa"] * (count // 3),
            "qty": [number % 10 for number in range(count)],
            "price": [10.0 + number % 40 for number in range(count)],
        }
    )
    frame.loc[5, "price"] = None
    return write_frame(frame)


class Laboratory:
    """Runs code behind the layers of a plan, or some of them."""

    def __init__(self, plan: tiers.Plan, channel: Channel) -> None:
        self.plan = plan
        self.channel = channel

    async def run(
        self, code: str, frame: Path, *, without: Iterable[Layer] = (), wall: float = 10.0, cpu: int = 60
    ) -> RunResult:
        limits = SandboxLimits()
        request = Request(
            operation="run",
            layers=self.plan.layers - set(without),
            cpu_seconds=cpu,
            address_space=limits.address_space,
            result_bytes=limits.result_bytes,
            picture_bytes=limits.picture_bytes,
            pictures=limits.pictures,
            code=code,
        )
        descriptor = os.open(frame, os.O_RDONLY)
        try:
            answer, end = await self.channel.call(request, [descriptor], wall_seconds=wall)
        finally:
            os.close(descriptor)
        return run_result(answer, end, request)


async def _laboratory(plan: tiers.Plan, scratch: Path) -> AsyncIterator[Laboratory]:
    channel = await Channel.start(plan, scratch)
    yield Laboratory(plan, channel)
    await channel.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def laboratory(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Laboratory]:
    """With all the layers of the tier `full`."""
    async for made in _laboratory(tiers.Plan("full", frozenset(Layer)), tmp_path_factory.mktemp("scratch")):
        yield made


@pytest.fixture(scope="session")
def bubblewrap() -> tuple[str, ...]:
    """The command in front; skips where bubblewrap can do nothing, as in most containers."""
    wrapper = tiers.bubblewrap()
    if not wrapper:
        pytest.skip("bubblewrap is not installed")
    done = subprocess.run([*wrapper, "true"], capture_output=True, text=True, check=False)
    if "namespace" in done.stderr:
        pytest.skip(f"no namespaces may be made here: {done.stderr.strip()}")
    return wrapper


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bubble(bubblewrap: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Laboratory]:
    """Wrapped in bubblewrap instead of Landlock."""
    plan = tiers.Plan("bubblewrap", frozenset(Layer) - {Layer.landlock}, bubblewrap)
    async for made in _laboratory(plan, tmp_path_factory.mktemp("scratch")):
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    """The whole of it, as a worker uses it."""
    async with Sandbox(SandboxLimits(wall_seconds=60)) as started:
        assert started.tier != "none", started.refusal
        yield started


class _Table(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"a,b\n1,2\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class calls it so
        pass


@pytest.fixture(scope="session")
def web_port() -> Iterator[int]:
    """A web server on this machine that serves a small table."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Table) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


class Target:
    """A folder an attack may be after, and whether it got at it."""

    def __init__(self, folder: Path, web_port: int) -> None:
        self.folder = folder
        self._web_port = web_port
        (folder / "victim").write_text("precious")
        (folder / "upload.csv").write_text("secret\n1\n")
        (folder / "planted.py").write_text("WORD = 'escaped'\n")
        self._before = self._state()

    def aim(self, code: str) -> str:
        """The code with its stand-ins filled in."""
        pairs = {"WORKDIR": self.folder, "WORKER": os.getpid(), "PORT": self._web_port}
        for name, value in pairs.items():
            code = code.replace(name, str(value))
        return code

    @property
    def untouched(self) -> bool:
        return self._state() == self._before

    def _state(self) -> list[tuple[str, int, int, int]]:
        found = []
        for path in sorted(self.folder.rglob("*")):
            status = path.lstat()
            found.append((path.name, status.st_mode, status.st_size, status.st_mtime_ns))
        return found


@pytest.fixture
def target(tmp_path: Path, web_port: int) -> Iterator[Target]:
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(tmp_path)  # the path of a Unix socket may have 100 characters only
        listener.bind("socket")
        os.chdir(here)
        listener.listen()
        yield Target(tmp_path, web_port)
