"""The console in a real browser, and the words tests need to speak with it."""

import array
import contextlib
import math
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from .speech_server import SpeechServer, speech_server

TONE_HZ = 500
"""What the browser's microphone hears."""
ALLOWED = {"permissions": ["microphone"]}
PHONE = {"viewport": {"width": 375, "height": 740}, "is_mobile": True, "has_touch": True}
ANSWER_MS = 60_000
"""The first analysis also waits for the sandbox to warm up."""

WATCH_STAGES = """
  window.stages = [];
  new MutationObserver(() => {
    const stage = document.querySelector(".stage")?.textContent;
    if (stage && stage !== window.stages.at(-1)) window.stages.push(stage);
  }).observe(document, { subtree: true, childList: true, characterData: true });
"""
"""Keeps every line of progress: some stand only for milliseconds."""

FAINT_TEXT = """() => {
  const channels = (colour) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d");
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([r, g, b]) => [r, g, b]
    .map((value) => value / 255)
    .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, n) => sum + value * [0.2126, 0.7152, 0.0722][n], 0);
  const groundOf = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const ground = channels(getComputedStyle(at).backgroundColor);
      if (ground[3] === 255) return ground;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const node of document.querySelectorAll("body *")) {
    const ownText = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!ownText || !node.checkVisibility() || node.closest("[aria-disabled=true]")) continue;
    const [a, b] = [luminance(channels(getComputedStyle(node).color)), luminance(groundOf(node))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faint.push(`${node.textContent.trim().slice(0, 40)}: ${contrast.toFixed(2)}`);
  }
  return faint;
}"""
"""Texts whose contrast is below 4.5:1, the minimum of WCAG 2.2 (1.4.3)."""

DROP_FILE = """([name, text, type]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([text], name, { type }));
  for (const happening of ["dragenter", "dragover", "drop"]) {
    document.body.dispatchEvent(new DragEvent(happening, { dataTransfer: carried, bubbles: true, cancelable: true }));
  }
}"""


class Suite(Protocol):
    """What the tests need of the running suite: where it listens."""

    @property
    def url(self) -> str: ...


@dataclass
class Console:
    """One open console. `faults` collects script errors and what the content security policy stopped."""

    page: Page
    faults: list[str] = field(default_factory=list)

    @property
    def question(self) -> Locator:
        return self.page.get_by_role("textbox").and_(self.page.locator("#question"))

    @property
    def last_turn(self) -> Locator:
        return self.page.locator(".turn").last

    @property
    def answer(self) -> Locator:
        """The report of the last question, once it is there."""
        return self.last_turn.locator(".report")

    async def choose(self, name: str, content: str | bytes) -> None:
        data = content.encode() if isinstance(content, str) else content
        await self.page.locator("#file-input").set_input_files(
            {"name": name, "mimeType": "text/csv", "buffer": data},
        )

    async def drop(self, name: str, text: str) -> None:
        await self.page.evaluate(DROP_FILE, [name, text, "text/csv"])

    async def ask(self, question: str) -> None:
        """Ask and wait for the answer."""
        await self.send(question)
        await expect(self.answer).to_be_visible(timeout=ANSWER_MS)

    async def send(self, question: str) -> None:
        turns = await self.page.locator(".turn").count()
        await self.question.fill(question)
        await self.question.press("Enter")
        await expect(self.page.locator(".turn")).to_have_count(turns + 1)

    async def stages(self) -> list[str]:
        """Every line of progress shown since the page was loaded."""
        stages: list[str] = await self.page.evaluate("window.stages")
        return stages

    async def width_of_content(self) -> int:
        width: int = await self.page.evaluate("document.documentElement.scrollWidth")
        return width


OpenConsole = Callable[..., AbstractAsyncContextManager[Console]]


@contextlib.asynccontextmanager
async def open_at(browser: Browser, address: str, **options: Any) -> AsyncIterator[Console]:
    """The console at this address, in a browser profile of its own; `options` are the browser context's."""
    context = await browser.new_context(**{"locale": "en-US", "accept_downloads": True, **options})
    context.set_default_timeout(ANSWER_MS)
    await context.add_init_script(WATCH_STAGES)
    console = Console(await context.new_page())
    console.page.on("pageerror", lambda error: console.faults.append(str(error)))
    console.page.on("console", lambda message: _note_policy(console, message.text))
    console.page.on("dialog", lambda dialog: console.faults.append(f"dialog: {dialog.message}"))
    await console.page.goto(address)
    try:
        yield console
        assert console.faults == []
    finally:
        await context.close()


@pytest.fixture
def open_console(suite: Suite, chromium: Browser) -> OpenConsole:
    """`async with open_console(locale=…, viewport=…) as console`: a browser profile of its own at the suite's page."""

    def open_page(*, path: str = "/", **options: Any) -> AbstractAsyncContextManager[Console]:
        return open_at(chromium, suite.url + path, **options)

    return open_page


@pytest_asyncio.fixture(loop_scope="session")
async def console(open_console: OpenConsole) -> AsyncIterator[Console]:
    """The console as a desktop browser in English shows it."""
    async with open_console() as opened:
        yield opened


@pytest.fixture(scope="session")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of a tone, for the browser to hear over and over."""
    path = tmp_path_factory.mktemp("tone") / "tone.wav"
    samples = array.array("h", (int(12_000 * math.sin(2 * math.pi * TONE_HZ * n / 48_000)) for n in range(96_000)))
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48_000, len(samples), "NONE", ""))
        file.writeframes(samples.tobytes())
    return path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def listening(
    launch_chromium: Callable[..., AbstractAsyncContextManager[Browser]], tone: Path
) -> AsyncIterator[Browser]:
    """A browser whose microphone hears the tone. Whether a page may use it is the context's permission."""
    async with launch_chromium(
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={tone}",
        "--host-resolver-rules=MAP warren.test 127.0.0.1",
    ) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def server() -> AsyncIterator[SpeechServer]:
    async with speech_server() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def studio(server: SpeechServer, listening: Browser) -> AsyncIterator[Console]:
    """The page for speech, with leave to use the microphone."""
    async with open_at(listening, f"{server.url}/#/transcribe", **ALLOWED) as opened:
        yield opened


@pytest.fixture
def sales() -> str:
    """Two cities over three years: enough for groups, months and years."""
    rows = ["date,city,revenue"]
    for year in (2021, 2022, 2023):
        for month in range(1, 13):
            rows += [f"{year}-{month:02}-01,Lyon,{year - 1921 + month}", f"{year}-{month:02}-01,Turin,{2 * month}"]
    return "\n".join(rows) + "\n"


@pytest.fixture
def big_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table that takes seconds to read, to have time to stop it."""
    path = tmp_path_factory.mktemp("big") / "big.csv"
    rows = "".join(f"2024-01-{n % 28 + 1:02},place {n % 977},{n * 7 % 1009}.{n % 97:02}\n" for n in range(20_000))
    path.write_text("date,place,amount\n" + rows * 100)
    return path


def _note_policy(console: Console, text: str) -> None:
    if "Content Security Policy" in text:
        console.faults.append(text)
