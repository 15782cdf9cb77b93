"""A person who speaks into the page's microphone; the server's side of the protocol is a script."""

import array
import asyncio
import itertools
import re

import pytest
from playwright.async_api import Browser, expect

from .conftest import ALLOWED, FAINT_TEXT, PHONE, TONE_HZ, Console, open_at
from .speaking import content, record, stop, words
from .speech_server import Line, SpeechServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHUNK_BYTES = 3200
"""100 ms of 16-bit samples at 16 kHz."""


async def test_what_is_said_stands_grey_first_and_then_for_good(studio: Console, server: SpeechServer) -> None:
    guessed, agreed = asyncio.Event(), asyncio.Event()

    async def script(line: Line) -> None:
        await line.ready()
        await line.hear(3)
        await line.tell(type="speech_started")
        await line.say("go for", 0.1, 0.2, final=False)
        await guessed.wait()
        await line.say("go forward", 0.1, 0.3)
        await line.tell(type="utterance_end")
        await agreed.wait()
        await line.hear_all()
        await line.say("ten meters", 61.5, 62.0)
        await line.done()

    server.serve(script)
    await record(studio)
    interim = studio.page.locator(".interim")
    await expect(interim).to_have_text(re.compile("go for$"))
    await expect(words(studio)).to_have_count(0)

    guessed.set()
    await expect(words(studio)).to_have_text(["0:00go forward"])
    await expect(interim).to_be_hidden()

    agreed.set()
    await stop(studio)
    await expect(words(studio)).to_have_text(["0:00go forward", "1:01ten meters"])
    await expect(studio.page.get_by_role("button", name="Record", exact=True)).to_be_enabled()
    await expect(studio.page.locator("#dock-problem")).to_be_hidden()
    assert server.lines[0].messages == ["end"]


async def test_the_server_hears_what_the_microphone_hears(studio: Console, server: SpeechServer) -> None:
    server.serve(hear_everything)
    await record(studio)
    await expect(studio.page.locator("#recorded")).to_have_text("0:02")
    await stop(studio)
    await expect(studio.page.get_by_text("No words were recognised.")).to_be_visible()

    line = server.lines[0]
    assert line.query == {"encoding": "linear16", "sample_rate": "16000", "interim": "true"}
    assert {len(chunk) for chunk in line.chunks[:-1]} == {CHUNK_BYTES}
    heard = array.array("h", b"".join(line.chunks[5:15]))
    crossings = sum(1 for one, next_ in itertools.pairwise(heard) if one < 0 <= next_)
    assert crossings == pytest.approx(TONE_HZ, rel=0.02)
    assert max(heard) > 1000


async def test_a_recording_goes_on_where_a_lost_connection_ended(studio: Console, server: SpeechServer) -> None:
    told = asyncio.Event()

    async def cut(line: Line) -> None:
        await line.ready()
        await line.hear(6)
        await line.say("before", 0.0, 0.5)
        await line.hear(4, acknowledge=False)
        await line.close(1001)

    async def resumed(line: Line) -> None:
        await told.wait()
        await line.ready()
        await line.say("before", 0.0, 0.5)
        await line.hear_all()
        await line.say("after", 0.6, 1.2)
        await line.done()

    server.serve(cut, resumed)
    await record(studio)
    await expect(studio.page.locator("#dock-note")).to_contain_text("Connection lost. Reconnecting…")
    told.set()
    await expect(studio.page.locator("#dock-note")).to_have_text("Listening…")
    await stop(studio)

    await expect(words(studio)).to_have_text(["0:00before", "0:00after"])
    first, second = server.lines
    assert second.query == {"resume": "token-1", "after_seq": "6", "after_transcript": "1"}
    assert second.chunks[:4] == first.chunks[6:10]


@pytest.mark.parametrize("code", [1011, 4400, 4408])
async def test_a_stream_that_cannot_be_resumed_is_followed_by_a_new_one(
    studio: Console, server: SpeechServer, code: int
) -> None:
    async def cut(line: Line) -> None:
        await line.ready()
        await line.hear(20)
        await line.close(1011)

    async def gone(line: Line) -> None:
        if code != 4400:  # else it is not even known any more
            await line.ready()
        await line.tell(type="error", code="stream.gone", message="This stream has ended.")
        await line.close(code)

    async def fresh(line: Line) -> None:
        await line.ready("token-2")
        await line.hear_all()
        await line.say("and on", 0.5, 1.0)
        await line.done()

    server.serve(cut, gone, fresh)
    await record(studio)
    await expect(studio.page.locator("#recorded")).to_have_text("0:04")
    await stop(studio)

    await expect(words(studio)).to_have_text(["0:02and on"])
    assert [line.query.get("resume") for line in server.lines] == [None, "token-1", None]
    await expect(studio.page.locator("#dock-problem")).to_be_hidden()


async def test_the_lag_counts_what_the_server_has_not_even_heard(studio: Console, server: SpeechServer) -> None:
    async def slow(line: Line) -> None:
        await line.ready()
        await line.hear(10, lag_ms=2500)
        await asyncio.Event().wait()

    server.serve(slow)
    await record(studio)

    await expect(studio.page.locator("#lag")).to_have_text(re.compile(r"^2\.\d s behind"))
    await expect(studio.page.locator("#lag")).to_have_text(re.compile(r"^[34]\.\d s behind"))


async def test_who_does_not_wait_for_the_last_words_keeps_the_others(studio: Console, server: SpeechServer) -> None:
    async def never_done(line: Line) -> None:
        await line.ready()
        await line.hear(2)
        await line.say("so far", 0.0, 0.2)
        await line.hear_all()
        await asyncio.Event().wait()

    server.serve(never_done)
    await record(studio)
    await expect(words(studio)).to_have_text(["0:00so far"])
    await stop(studio)
    await expect(studio.page.locator("#dock-note")).to_have_text("The last words are on their way…")

    await studio.page.get_by_role("button", name="Do not wait").click()

    await expect(words(studio)).to_have_text(["0:00so far"])
    await expect(studio.page.get_by_role("button", name="Download TXT")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("TXT", "one & two\nthree\n"),
        ("SRT", "1\n00:00:00,500 --> 00:00:01,250\none & two\n\n2\n01:00:01,000 --> 01:00:02,000\nthree\n"),
        ("VTT", "WEBVTT\n\n00:00:00.500 --> 00:00:01.250\none &amp; two\n\n01:00:01.000 --> 01:00:02.000\nthree\n"),
    ],
)
async def test_the_text_can_be_kept(studio: Console, server: SpeechServer, name: str, written: str) -> None:
    async def script(line: Line) -> None:
        await line.ready()
        await line.hear_all()
        await line.say("one & two", 0.5, 1.25)
        await line.say("three", 3601.0, 3602.0)
        await line.done()

    server.serve(script)
    await record(studio)
    await stop(studio)

    async with studio.page.expect_download() as started:
        await studio.page.get_by_role("button", name=f"Download {name}").click()
    download = await started.value
    assert re.fullmatch(rf"Recording-of-[\w-]+\.{name.lower()}", download.suggested_filename)
    assert await content(download) == written


async def test_recording_goes_on_while_another_page_is_read(studio: Console, server: SpeechServer) -> None:
    server.serve(hear_everything)
    page = studio.page
    await record(studio)
    await page.get_by_role("link", name="Analyze").click()
    await expect(page.get_by_role("heading", name="Ask your data a question")).to_be_visible()
    await expect(page.get_by_role("img", name="recording")).to_be_visible()
    await studio.question.fill("what is")

    await page.get_by_role("link", name="Transcribe").click()
    await expect(page.get_by_role("button", name="Stop")).to_be_visible()
    await page.get_by_role("link", name="Analyze").click()
    await expect(studio.question).to_have_value("what is")


async def test_everything_works_by_keyboard(studio: Console, server: SpeechServer) -> None:
    server.serve(hear_everything)
    page = studio.page
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the record button")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Record", exact=True)).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Stop")).to_be_focused()
    await expect(page.locator("#recorded")).to_have_text("0:01")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Record", exact=True)).to_be_focused()


async def test_nothing_is_wider_than_a_phone(server: SpeechServer, listening: Browser) -> None:
    async def script(line: Line) -> None:
        await line.ready()
        await line.hear(2)
        await line.say("word" * 60, 0.0, 0.1)
        await line.say("and some more words that are spoken " * 5, 0.1, 0.2, final=False)
        await line.hear_all()
        await line.done()

    server.serve(script)
    async with open_at(listening, f"{server.url}/#/transcribe", **ALLOWED, **PHONE) as studio:
        assert await studio.width_of_content() <= 375
        await record(studio)
        await expect(studio.page.locator(".interim")).to_be_visible()
        assert await studio.width_of_content() <= 375
        await stop(studio)
        await expect(studio.page.get_by_role("button", name="Download TXT")).to_be_visible()
        assert await studio.width_of_content() <= 375


async def test_a_russian_browser_gets_russian_words(server: SpeechServer, listening: Browser) -> None:
    server.serve(hear_everything)
    async with open_at(listening, f"{server.url}/#/transcribe", locale="ru-RU", **ALLOWED) as studio:
        await expect(studio.page.get_by_role("heading", level=1)).to_have_text("Превратите речь в текст")
        await studio.page.get_by_role("button", name="Записать").click()
        await expect(studio.page.locator("#dock-note")).to_have_text("Слушаем…")
        shown = await studio.page.locator("main").inner_text()
        assert re.search(r"\b(Record|Stop|behind|Choose)\b", shown) is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_text_stands_out_from_its_ground(server: SpeechServer, listening: Browser, scheme: str) -> None:
    async def script(line: Line) -> None:
        await line.ready()
        await line.hear(2)
        await line.say("for good", 0.0, 0.1)
        await line.say("for now", 0.1, 0.2, final=False)
        await line.close(1009)

    server.serve(hear_everything, script)
    async with open_at(listening, f"{server.url}/#/transcribe", color_scheme=scheme, **ALLOWED) as studio:
        assert await studio.page.evaluate(FAINT_TEXT) == []
        await record(studio)
        await expect(studio.page.locator("#recorded")).to_have_text("0:01")
        assert await studio.page.evaluate(FAINT_TEXT) == []
        await stop(studio)
        await studio.page.get_by_role("button", name="Record", exact=True).click()
        await expect(studio.page.locator("#dock-problem")).to_be_visible()
        await expect(words(studio)).to_have_count(1)
        assert await studio.page.evaluate(FAINT_TEXT) == []


async def test_a_microphone_that_is_unplugged_ends_the_recording_with_its_words(
    studio: Console, server: SpeechServer
) -> None:
    unplugged = asyncio.Event()

    async def script(line: Line) -> None:
        # A connection that is slow must not take away what was said meanwhile.
        await unplugged.wait()
        await line.ready()
        await line.hear_all()
        await line.say("until then", 0.0, 0.2)
        await line.done()

    server.serve(script)
    await studio.page.evaluate(
        """() => {
          const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
          navigator.mediaDevices.getUserMedia = async (wanted) => (window.heard = await ask(wanted));
        }"""
    )
    await record(studio)
    await studio.page.evaluate("window.heard.getAudioTracks()[0].dispatchEvent(new Event('ended'))")

    problem = studio.page.locator("#dock-problem")
    await expect(problem).to_contain_text("The microphone was disconnected.")
    unplugged.set()
    await expect(words(studio)).to_have_text(["0:00until then"])
    await expect(problem).to_contain_text("The microphone was disconnected.")


async def hear_everything(line: Line) -> None:
    """Words there are none."""
    await line.ready()
    await line.hear_all()
    await line.done()
