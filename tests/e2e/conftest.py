"""The whole suite as `make run` starts it, and a browser to use it with.

With `WARREN_URL` set to a running suite's address, the same tests use that one. All tests together are one client:
start it with `WARREN_REQUESTS_PER_MINUTE=100000 make up`.
"""

import contextlib
import os
import shutil
import subprocess
import sysconfig
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from warren.embedded import free_port

from .shell import Shell

READY_SECONDS = 100.0
STOP_SECONDS = 15.0
EXPECT_MS = 15_000
"""How long a page may take to show what it should; a busy machine is slow, not wrong."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
LaunchChromium = Callable[..., AbstractAsyncContextManager[Browser]]


@dataclass(frozen=True)
class Suite:
    """A running suite. `log` is what its processes print; None where others started it."""

    url: str
    log: Path | None


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    """The suite that `WARREN_URL` names, or one on a port and a data directory of its own, without a language model."""
    if url := os.environ.get("WARREN_URL"):
        yield Suite(url.rstrip("/"), None)
        return
    with _started(tmp_path_factory.mktemp("suite")) as running:
        yield running


@contextlib.contextmanager
def _started(home: Path) -> Iterator[Suite]:
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("WARREN_", "OPENROUTER_"))}
    environment |= {
        "WARREN_DATA": str(home / "data"),
        "WARREN_PORT": str(port),
        # All tests together are one client.
        "WARREN_REQUESTS_PER_MINUTE": "100000",
        "PYTHONUNBUFFERED": "1",
    }
    command = [str(Path(sysconfig.get_path("scripts")) / "warren-local")]
    process = subprocess.Popen(
        command, cwd=home, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    url, log = f"http://127.0.0.1:{port}", home / "suite.log"
    ready: Future[bool] = Future()
    reader = threading.Thread(target=_keep_log, args=(process, url, log, ready), daemon=True)
    reader.start()
    try:
        if not _wait(ready):
            pytest.fail(f"the suite is not ready:\n{log.read_text()[-5000:]}", pytrace=False)
        yield Suite(url, log)
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)
        reader.join(STOP_SECONDS)


@pytest.fixture
def shell(suite: Suite, tmp_path: Path) -> Shell:
    """A shell for calls of the suite with curl, in a folder of its own."""
    if shutil.which("curl") is None:
        pytest.skip("needs curl: apt-get install curl")
    return Shell(suite.url, tmp_path)


def _wait(ready: Future[bool]) -> bool:
    try:
        return ready.result(READY_SECONDS)
    except TimeoutError:
        return False


def _keep_log(process: subprocess.Popen[str], url: str, log: Path, ready: Future[bool]) -> None:
    assert process.stdout is not None
    with log.open("w") as file:
        for line in process.stdout:
            file.write(line)
            file.flush()
            if f"Open {url}" in line:
                ready.set_result(True)
    if not ready.done():
        ready.set_result(False)  # it ended instead


@pytest.fixture(scope="session")
def launch_chromium() -> LaunchChromium:
    """`async with launch_chromium(*flags) as browser`: the system's Chromium. Tests are skipped where there is none."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    expect.set_options(timeout=EXPECT_MS)

    @contextlib.asynccontextmanager
    async def launch(*flags: str) -> AsyncIterator[Browser]:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=found, args=[*FLAGS, *flags])
            yield browser
            await browser.close()

    return launch


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(launch_chromium: LaunchChromium) -> AsyncIterator[Browser]:
    """A browser for tests of pages."""
    async with launch_chromium() as browser:
        yield browser
