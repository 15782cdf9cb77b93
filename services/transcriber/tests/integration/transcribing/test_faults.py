"""A worker that dies takes no words with it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from warren import topology
from warren.audio import FrameType
from warren.broker import Broker
from warren.contracts.events import EventType
from warren.contracts.transcriber import AudioFormat, Encoding, TranscribeStream, Transcript, UtteranceEnd
from warren.testing.processes import Programs

from ...speech import container, dialog, samples, silence
from .conftest import environment
from .studio import Studio


@pytest.fixture
async def own(vhost: str, tmp_path: Path) -> AsyncIterator[tuple[Studio, Programs]]:
    """A studio and workers that a test may kill."""
    topology.declare(vhost)
    programs = Programs(environment(vhost, tmp_path, WARREN_ENGINE_PROCESSES="1"), tmp_path)
    try:
        async with Broker(vhost, "studio") as broker:
            studio = Studio(broker)
            await studio.open()
            yield studio, programs
    finally:
        await programs.end()


@pytest.mark.parametrize("name", ["raw", "webm/opus", "mp3"])
async def test_a_worker_killed_in_the_middle_of_a_sentence_costs_no_words_and_repeats_none(
    own: tuple[Studio, Programs], name: str
) -> None:
    studio, programs = own
    encoding = Encoding.linear16 if name == "raw" else Encoding.container
    payload = TranscribeStream(format=AudioFormat(encoding=encoding), interim=False)
    data = dialog() if name == "raw" else container(dialog(), name)
    size = len(data) // 130  # 100 ms
    first = await programs.service("transcriber-streams", "worker")
    undisturbed = await studio.stream(payload)
    await undisturbed.send(data, size)
    await undisturbed.say(FrameType.end)
    stream = await studio.stream(payload)
    await stream.send(data[: size * 97], size)
    await stream.until(lambda told: isinstance(told, UtteranceEnd))
    await undisturbed.end()
    first.kill()
    await stream.send(data[size * 97 :], size)
    await stream.say(FrameType.end)
    await programs.service("transcriber-streams", "worker")
    end = await stream.end()

    assert (end.type, end.run) == (EventType.completed, 2)
    assert stream.text == undisturbed.text
    assert stream.finals()[-1].end == pytest.approx(undisturbed.finals()[-1].end, abs=0.3)


async def test_silence_before_the_crash_does_not_move_later_words(own: tuple[Studio, Programs]) -> None:
    studio, programs = own
    first = await programs.service("transcriber-streams", "worker")
    stream = await studio.stream(TranscribeStream(interim=False))
    await stream.send(silence(10), 3_200)
    await stream.synced()
    first.kill()
    await stream.send(samples("young-man") + silence(1), 3_200)
    await stream.say(FrameType.end)
    await programs.service("transcriber-streams", "worker")
    await stream.end()

    assert stream.finals()[0].words[0].start == pytest.approx(10.2, abs=0.4)


async def test_a_recognition_process_that_dies_is_replaced_and_the_utterance_recognised(
    own: tuple[Studio, Programs],
) -> None:
    studio, programs = own
    worker = await programs.service("transcriber-streams", "worker")
    stream = await studio.stream(TranscribeStream(interim=False))
    await stream.send(silence(0.5), 3_200)
    await stream.synced()
    recognisers = [child for child in worker.family() if "recognition_process" in " ".join(child.cmdline())]
    assert recognisers
    await stream.send(samples("leisure") + silence(1), 3_200)
    for child in recognisers:
        child.kill()
    final = await stream.until(lambda told: isinstance(told, Transcript))
    await stream.say(FrameType.end)

    assert isinstance(final, Transcript)
    assert final.text
    assert (await stream.end()).type is EventType.completed


async def test_a_stream_that_nobody_feeds_ends_by_itself(own: tuple[Studio, Programs]) -> None:
    studio, programs = own
    await programs.service("transcriber-streams", "worker", WARREN_STREAM_IDLE_SECONDS="1")
    stream = await studio.stream()
    await stream.send(samples("young-man")[:64_000], 3_200)
    end = await stream.end()

    assert end.data["result"]["reason"] == "idle"
    assert stream.text
