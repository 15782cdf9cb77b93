"""What the page says when it gets no microphone, no room, or no connection."""

import asyncio

import pytest
from playwright.async_api import Browser, Locator, expect

from .conftest import ALLOWED, Console, open_at
from .speaking import record, stop, words
from .speech_server import Line, Script, SpeechServer

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_refused_microphone_is_told_with_the_way_out(server: SpeechServer, listening: Browser) -> None:
    async with open_at(listening, f"{server.url}/#/transcribe") as studio:
        await press_record(studio)
        await expect(problem(studio)).to_contain_text("The browser does not allow this page to use the microphone.")
        await expect(studio.page.get_by_role("button", name="Record", exact=True)).to_be_enabled()
    assert server.lines == []


async def test_an_insecure_page_is_told_what_a_browser_wants(server: SpeechServer, listening: Browser) -> None:
    address = server.url.replace("127.0.0.1", "warren.test")
    async with open_at(listening, f"{address}/#/transcribe") as studio:
        await press_record(studio)
        await expect(problem(studio)).to_contain_text("only to pages at an https:// address or on localhost")


async def test_a_machine_without_a_microphone_is_told_so(server: SpeechServer, chromium: Browser) -> None:
    async with open_at(chromium, f"{server.url}/#/transcribe", **ALLOWED) as studio:
        await press_record(studio)
        await expect(problem(studio)).to_contain_text("No microphone was found.")


async def closing(line: Line, code: int) -> None:
    await line.close(code, "sample_rate: give one.")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (1013, "There is no room for another recording just now."),
        (4429, "You have as many connections open as your key allows."),
        (4400, "Warren did not accept the audio. sample_rate: give one."),
    ],
)
async def test_a_closed_door_is_worded_for_people(studio: Console, server: SpeechServer, code: int, says: str) -> None:
    server.serve(lambda line: closing(line, code))
    await press_record(studio)

    await expect(problem(studio)).to_contain_text(says)
    await expect(studio.page.locator(".transcript")).to_have_count(0)
    await expect(studio.page.get_by_role("img", name="recording")).to_be_hidden()


async def test_a_refused_handshake_is_told_from_a_lost_network(studio: Console, server: SpeechServer) -> None:
    server.refuse = 503
    await press_record(studio)
    await expect(problem(studio)).to_contain_text("Warren answers, but did not open the audio stream: it is full")

    await studio.page.context.set_offline(True)
    await press_record(studio)
    await expect(problem(studio)).to_contain_text("Warren cannot be reached.")


async def test_after_a_refusal_the_next_try_may_succeed(studio: Console, server: SpeechServer) -> None:
    server.serve(lambda line: closing(line, 1013), hear_and_say("hello"))
    await press_record(studio)
    await expect(problem(studio)).to_be_visible()

    await record(studio)
    await expect(problem(studio)).to_be_hidden()
    await stop(studio)
    await expect(words(studio)).to_have_text(["0:00hello"])


async def test_a_key_that_is_wanted_is_asked_for(studio: Console, server: SpeechServer) -> None:
    server.serve(lambda line: closing(line, 4401), hear_and_say("hello"))
    await press_record(studio)
    dialog = studio.page.get_by_role("dialog", name="This Warren needs a key")
    await dialog.get_by_label("API key").fill("wrn_right")
    await dialog.get_by_role("button", name="Continue").click()
    await stop(studio)

    await expect(words(studio)).to_have_text(["0:00hello"])
    assert server.lines[1].query["ticket"] == "tkt_1"


async def test_what_was_recognised_before_a_refusal_is_kept(studio: Console, server: SpeechServer) -> None:
    async def script(line: Line) -> None:
        await line.ready()
        await line.hear(3)
        await line.say("hello", 0.0, 0.2)
        await line.close(1009)

    server.serve(script)
    await press_record(studio)

    await expect(problem(studio)).to_contain_text("Warren did not accept the audio.")
    await expect(words(studio)).to_have_text(["0:00hello"])
    await expect(studio.page.get_by_text("The recording ended early.")).to_be_visible()
    await expect(studio.page.get_by_role("button", name="Download SRT")).to_be_visible()


async def test_what_the_stream_survives_is_told_and_does_not_end_it(studio: Console, server: SpeechServer) -> None:
    told = asyncio.Event()

    async def script(line: Line) -> None:
        await line.ready()
        await line.hear(1)
        await line.tell(type="error", code="audio.unreadable", message="A piece of the audio could not be read.")
        await told.wait()
        await line.hear_all()
        await line.say("hello", 0.0, 0.2)
        await line.done()

    server.serve(script)
    await record(studio)
    await expect(problem(studio)).to_contain_text("A piece of the audio could not be read.")
    told.set()
    await stop(studio)
    await expect(words(studio)).to_have_text(["0:00hello"])


async def test_a_muted_microphone_is_noticed(server: SpeechServer, listening: Browser) -> None:
    server.serve(hear_and_say("nothing"))
    async with open_at(listening, f"{server.url}/#/transcribe", **ALLOWED) as studio:
        await studio.page.evaluate(
            """() => {
              const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
              navigator.mediaDevices.getUserMedia = async (wanted) => {
                const stream = await ask(wanted);
                stream.getAudioTracks()[0].enabled = false;
                return stream;
              };
            }"""
        )
        await record(studio)
        await expect(studio.page.locator("#dock-note")).to_have_text("No sound is arriving. Is the microphone muted?")
        await expect(studio.page.get_by_role("meter", name="Microphone level")).to_have_attribute("aria-valuenow", "0")


def problem(studio: Console) -> Locator:
    return studio.page.locator("#dock-problem")


async def press_record(studio: Console) -> None:
    await studio.page.get_by_role("button", name="Record", exact=True).click()


def hear_and_say(text: str) -> Script:
    async def script(line: Line) -> None:
        await line.ready()
        await line.hear_all()
        await line.say(text, 0.0, 0.2)
        await line.done()

    return script
