"""A recording that is there already: sent, followed, and kept."""

import re

import pytest
from playwright.async_api import Browser, Route, expect

from .conftest import Console, open_at
from .speaking import content, words
from .speech_server import SpeechServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

SEGMENTS = [
    {"start": 0.5, "end": 1.5, "text": "go forward", "confidence": 0.9, "words": []},
    {"start": 62.0, "end": 63.0, "text": "ten meters", "confidence": 0.9, "words": []},
]
RESULT = {
    "text": "go forward ten meters", "duration": 64.0, "language": "en", "engine": "pocketsphinx", "segments": SEGMENTS,
    "warnings": ["The recording breaks off: it ends in the middle."],
}  # fmt: skip


async def test_a_file_becomes_text_with_progress(studio: Console, server: SpeechServer) -> None:
    server.events = [
        ("started", {}),
        ("output", {"type": "transcript", "final": True, "start": 0.5, "end": 1.5, "text": "go foreword"}),
        ("progress", {"stage": "recognising", "message": "2 seconds recognised", "percent": 40.0}),
    ]
    server.outcome = {"status": "completed", "result": RESULT}
    await choose(studio, "talk.wav", b"RIFF")
    await expect(words(studio)).to_have_text(["0:00go foreword"])
    await expect(studio.page.locator(".stage")).to_have_text("Recognising…")
    await expect(studio.page.get_by_role("progressbar")).to_have_attribute("value", "40")

    server.proceed.set()

    transcript = studio.page.get_by_role("article", name="talk.wav")
    await expect(words(studio)).to_have_text(["0:00go forward", "1:02ten meters"])
    await expect(transcript).to_contain_text("The recording breaks off")
    await expect(transcript).to_contain_text("1:04 · en · engine pocketsphinx")
    async with studio.page.expect_download() as started:
        await transcript.get_by_role("button", name="Download TXT").click()
    assert await content(await started.value) == "go forward\nten meters\n"
    assert server.files == [("talk.wav", b"RIFF")]


async def test_a_dropped_file_is_taken(studio: Console, server: SpeechServer) -> None:
    server.outcome = {"status": "completed", "result": RESULT}
    server.proceed.set()
    await studio.drop("talk.mp3", "ID3")
    await expect(words(studio)).to_have_count(2)
    assert server.files == [("talk.mp3", b"ID3")]


async def test_a_transcription_has_an_address(studio: Console, server: SpeechServer) -> None:
    server.outcome = {"status": "completed", "result": RESULT}
    server.proceed.set()
    await choose(studio, "talk.wav", b"RIFF")
    await expect(words(studio)).to_have_count(2)
    assert studio.page.url.endswith("#/transcribe/job_file")

    await studio.page.reload()

    await expect(studio.page.get_by_role("article", name="talk.wav")).to_contain_text("ten meters")


async def test_a_file_that_cannot_be_read_is_told_why(studio: Console, server: SpeechServer) -> None:
    error = {"code": "audio.unreadable", "message": "The file cannot be read as audio.", "retryable": False}
    server.outcome = {"status": "failed", "error": error}
    server.proceed.set()
    await choose(studio, "talk.wav", b"\x00")

    notice = studio.page.get_by_role("article").get_by_role("alert")
    await expect(notice).to_contain_text("The file cannot be read as audio.")
    await expect(notice).to_contain_text("audio.unreadable")


async def test_a_transcription_can_be_cancelled(studio: Console, server: SpeechServer) -> None:
    server.events = [("started", {})]
    await choose(studio, "talk.wav", b"RIFF")
    await expect(studio.page.locator(".stage")).to_have_text("Started…")

    await studio.page.get_by_role("button", name="Cancel").click()

    await expect(studio.page.get_by_role("article").get_by_text("Cancelled.")).to_be_visible()


async def test_a_refused_file_can_be_sent_again(studio: Console, server: SpeechServer) -> None:
    async def refuse(route: Route) -> None:
        await route.fulfill(status=503, content_type="application/problem+json", body="{}")

    await studio.page.route("**/v1/transcriptions", refuse)
    await choose(studio, "talk.wav", b"RIFF")
    await expect(studio.page.get_by_role("alert")).to_contain_text("Warren is busy or starting up.")

    await studio.page.unroute("**/v1/transcriptions")
    server.outcome = {"status": "completed", "result": RESULT}
    server.proceed.set()
    await studio.page.get_by_role("button", name="Try again").click()
    await expect(words(studio)).to_have_count(2)


async def test_markup_in_names_and_words_is_shown_as_it_is(server: SpeechServer, listening: Browser) -> None:
    markup = "<img src=x onerror=window.pwned=1>"
    segments = [{"start": 0.0, "end": 1.0, "text": markup}]
    server.outcome = {"status": "completed", "result": RESULT | {"segments": segments, "engine": markup}}
    server.proceed.set()
    async with open_at(listening, f"{server.url}/#/transcribe") as studio:
        await choose(studio, f"{markup}.wav", b"RIFF")
        await expect(words(studio)).to_have_text([re.compile(re.escape(markup))])
        assert await studio.page.evaluate("window.pwned ?? document.querySelectorAll('main img').length") == 0


async def choose(studio: Console, name: str, data: bytes) -> None:
    await studio.page.locator("#recording-input").set_input_files(
        {"name": name, "mimeType": "audio/wav", "buffer": data},
    )
