"""A voice, a browser's microphone and the whole suite: from sound to words on the page."""

import asyncio
import re
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, WebSocketRoute, expect

from transcriber.formats import decoded

from .conftest import ALLOWED, OpenConsole, Suite, open_at
from .speaking import content, record, stop, words

pytestmark = pytest.mark.asyncio(loop_scope="session")

SPEECH = Path(__file__).parents[3] / "services/transcriber/tests/data/young-man.flac"
SAID = {"he", "was", "not", "an", "ill", "disposed", "young", "man"}
RATE = 16_000
RECOGNISED_MS = 60_000
"""The first words also wait for the engine's model."""


@pytest.fixture(scope="session")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sentence with two seconds of silence before it, in which the browser opens its microphone."""
    path = tmp_path_factory.mktemp("voice") / "voice.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(bytes(2 * 2 * RATE) + b"".join(decoded(SPEECH)))
    return path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def hearing(
    launch_chromium: Callable[..., AbstractAsyncContextManager[Browser]], voice: Path
) -> AsyncIterator[Browser]:
    """A browser whose microphone hears the sentence once, then nothing."""
    async with launch_chromium(
        "--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={voice}%noloop"
    ) as browser:
        yield browser


async def test_what_is_spoken_stands_on_the_page_and_can_be_kept(suite: Suite, hearing: Browser) -> None:
    async with open_at(hearing, f"{suite.url}/#/transcribe", **ALLOWED) as studio:
        await record(studio)
        await expect(words(studio)).to_have_count(1, timeout=RECOGNISED_MS)
        assert understood(await words(studio).inner_text()) >= 5

        await stop(studio)

        async with studio.page.expect_download() as started:
            await studio.page.get_by_role("button", name="Download SRT").click()
        [times] = re.findall(r"^00:00:(\d+),\d+ --> 00:00:(\d+),", await content(await started.value), re.MULTILINE)
        start, end = map(int, times)
        assert 0 <= start <= 3 < end <= 6


async def test_a_connection_that_is_cut_amid_the_sentence_costs_no_word(suite: Suite, hearing: Browser) -> None:
    connections: list[str] = []
    cut = asyncio.Event()

    async def cut_the_first(socket: WebSocketRoute) -> None:
        connections.append(socket.url)
        server = socket.connect_to_server()
        if len(connections) > 1:
            return
        chunks = 0

        async def forward(message: str | bytes) -> None:
            nonlocal chunks
            chunks += 1
            if chunks < 30:
                server.send(message)
            elif not cut.is_set():
                cut.set()
                await server.close(code=1001)
                await socket.close(code=1001)

        socket.on_message(lambda message: asyncio.ensure_future(forward(message)))

    async with open_at(hearing, f"{suite.url}/#/transcribe", **ALLOWED) as studio:
        await studio.page.route_web_socket("**/v1/audio/stream*", cut_the_first)
        await record(studio)
        await asyncio.wait_for(cut.wait(), 30)
        await expect(words(studio)).to_have_count(1, timeout=RECOGNISED_MS)
        await stop(studio)
        await expect(studio.page.get_by_role("button", name="Download TXT")).to_be_visible()

        await expect(words(studio)).to_have_count(1)
        assert understood(await words(studio).inner_text()) >= 5
    [_, second] = connections
    assert "resume=job_" in second


async def test_a_recording_from_a_file_becomes_text_that_keeps_its_address(open_console: OpenConsole) -> None:
    async with open_console(path="/#/transcribe") as studio:
        await studio.page.locator("#recording-input").set_input_files(SPEECH)
        transcript = studio.page.get_by_role("article", name="young-man.flac")
        await expect(transcript.get_by_role("button", name="Download TXT")).to_be_visible(timeout=RECOGNISED_MS)
        spoken = await words(studio).all_inner_texts()
        assert understood(" ".join(spoken)) >= 5
        await expect(transcript).to_contain_text("engine pocketsphinx")

        await studio.page.reload()
        await expect(words(studio)).to_have_text([line.replace("\n", "") for line in spoken])


async def test_a_file_that_is_no_recording_is_told_so(open_console: OpenConsole) -> None:
    async with open_console(path="/#/transcribe") as studio:
        await studio.page.locator("#recording-input").set_input_files(
            {"name": "noise.wav", "mimeType": "audio/wav", "buffer": bytes(range(256)) * 40},
        )
        notice = studio.page.get_by_role("article", name="noise.wav").get_by_role("alert")
        await expect(notice).to_be_visible(timeout=RECOGNISED_MS)


def understood(text: str) -> int:
    """How many of the words that were said are there: the default engine mistakes some."""
    return len(SAID & set(re.findall(r"[a-z]+", text.lower())))
