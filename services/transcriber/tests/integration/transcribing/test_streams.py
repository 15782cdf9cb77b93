"""Live streams through a real worker: the engine's own words, in any chunks and encodings, and what goes wrong."""

import asyncio
import os

import pytest

from transcriber.engines.pocketsphinx import PocketsphinxEngine
from transcriber.settings import TranscriberSettings
from transcriber.utterances import Segmenter
from warren import topology
from warren.audio import FrameType
from warren.contracts.events import EventType
from warren.contracts.transcriber import (
    AudioFormat,
    Encoding,
    SpeechStarted,
    StreamReport,
    TranscribeStream,
    Transcript,
    Unreadable,
    UtteranceEnd,
    Word,
)
from warren.errors import BrokerUnavailable
from warren.testing.processes import Program

from ...speech import CONTAINERS, container, dialog, encoded, raw, samples, silence
from .studio import Studio

pytestmark = pytest.mark.usefixtures("stream_worker")

CONTAINER = TranscribeStream(format=AudioFormat(encoding=Encoding.container), interim=False)


@pytest.fixture(scope="session")
def alone() -> list[Word]:
    """What the engine alone makes of the dialog's utterances."""
    settings = TranscriberSettings()
    engine = PocketsphinxEngine(settings)
    segmenter = Segmenter(settings.silence_seconds, settings.longest_utterance_seconds)
    utterances = [*segmenter.feed(dialog())]
    if (last := segmenter.flush()) is not None:
        utterances.append(last)
    return [
        Word(word=word.word, start=u.start / 16_000 + word.start, end=u.start / 16_000 + word.end)
        for u in utterances
        for word in engine.recognise(u.pcm, None, None).words
    ]


@pytest.mark.parametrize("milliseconds", [20, 100, 1000])
async def test_words_and_times_are_the_engines_own_in_chunks_of_any_size(
    studio: Studio, alone: list[Word], milliseconds: int
) -> None:
    stream = await studio.stream()
    await stream.send(dialog(), 32 * milliseconds)
    await stream.say(FrameType.end)
    end = await stream.end()

    assert end.type is EventType.completed
    heard = [word for final in stream.finals() for word in final.words]
    assert [word.word for word in heard] == [word.word for word in alone]
    assert all(abs(a.start - b.start) < 0.01 for a, b in zip(heard, alone, strict=True))
    report = StreamReport.model_validate(end.data["result"])
    assert report.reason == "ended"
    assert report.duration == pytest.approx(len(dialog()) / 32_000, abs=0.05)


@pytest.mark.parametrize("name", ["wav", "webm/opus", "mp3", "mulaw"])
async def test_words_survive_the_encoding(studio: Studio, alone: list[Word], name: str) -> None:
    stream = await studio.stream(CONTAINER)
    await stream.send(encoded(dialog(), *CONTAINERS[name]), 1_600)
    await stream.say(FrameType.end)

    assert (await stream.end()).type is EventType.completed
    heard = [word for final in stream.finals() for word in final.words]
    # Lossy encodings change what this engine understands, not where speech is.
    assert heard[0].start == pytest.approx(alone[0].start, abs=0.3)
    assert heard[-1].end == pytest.approx(alone[-1].end, abs=0.3)
    if name == "wav":
        assert [word.word for word in heard] == [word.word for word in alone]


async def test_a_telephone_is_heard(studio: Studio, alone: list[Word]) -> None:
    telephone = AudioFormat(encoding=Encoding.mulaw, sample_rate=8_000)
    stream = await studio.stream(TranscribeStream(format=telephone, interim=False))
    await stream.send(raw(dialog(), "pcm_mulaw", 8_000), 160)
    await stream.say(FrameType.end)
    await stream.end()

    assert stream.finals()[0].start == pytest.approx(alone[0].start, abs=0.3)


async def test_events_say_when_speech_begins_and_ends(studio: Studio) -> None:
    stream = await studio.stream()
    await stream.send(silence(1) + samples("young-man") + silence(1.5), 3_200)
    await stream.until(lambda told: isinstance(told, UtteranceEnd) and told.caught_up)
    await stream.say(FrameType.end)
    await stream.end()

    kinds = [type(told) for told in stream.told() if not (isinstance(told, Transcript) and not told.final)]
    assert kinds == [SpeechStarted, Transcript, UtteranceEnd]
    started = next(told for told in stream.told() if isinstance(told, SpeechStarted))
    assert started.at == pytest.approx(1.0, abs=0.4)


async def test_finalize_does_not_wait_for_silence(studio: Studio) -> None:
    stream = await studio.stream()
    await stream.send(samples("young-man")[:72_000], 3_200)
    await stream.say(FrameType.finalize)
    final = await stream.until(lambda told: isinstance(told, Transcript) and told.final)

    assert isinstance(final, Transcript)
    assert final.text
    await stream.say(FrameType.end)
    await stream.end()


async def test_interim_results_come_while_somebody_speaks(studio: Studio) -> None:
    stream = await studio.stream()
    for at in range(0, 192_000, 3_200):
        await stream.send(samples("leisure")[at : at + 3_200], 3_200)
        if any(isinstance(told, Transcript) for told in stream.told()):
            break
        await asyncio.sleep(0.1)  # as people speak: interim results are of what is being said now
    interim = await stream.until(lambda told: isinstance(told, Transcript))

    assert isinstance(interim, Transcript)
    assert not interim.final
    await stream.say(FrameType.end)
    await stream.end()


async def test_sync_says_what_has_arrived_and_chunks_that_come_again_are_not_heard_twice(studio: Studio) -> None:
    stream = await studio.stream()
    await stream.send(dialog(), 3_200)
    synced = await stream.synced()
    assert (synced.seq, synced.offset) == (stream.seq, stream.offset)
    assert synced.received == pytest.approx(len(dialog()) / 32_000, abs=0.05)

    stream.seq -= 10
    stream.offset -= 32_000
    await stream.send(dialog()[-32_000:], 3_200)
    again = await stream.synced()
    assert (again.seq, again.offset, again.received) == (synced.seq, synced.offset, synced.received)
    await stream.say(FrameType.end)
    await stream.end()


async def test_silence_is_acknowledged_as_it_passes_and_costs_nothing(studio: Studio) -> None:
    stream = await studio.stream()
    await stream.send(silence(60), 32_000)
    await stream.say(FrameType.end)
    end = await stream.end()

    report = StreamReport.model_validate(end.data["result"])
    assert (report.recognised_seconds, stream.told()) == (0.0, [])
    assert report.duration == pytest.approx(60, abs=0.05)


async def test_the_queue_goes_with_the_stream(studio: Studio) -> None:
    stream = await studio.stream()
    await stream.say(FrameType.end)
    await stream.end()

    with pytest.raises(BrokerUnavailable):
        await studio.broker.count(topology.audio_queue(stream.id).name)
    with pytest.raises(BrokerUnavailable):
        await stream.send(b"ab", 2)


@pytest.mark.parametrize("data", [os.urandom(200_000), b"x"], ids=["random", "one byte"])
async def test_what_is_no_audio_fails_with_a_code(studio: Studio, data: bytes) -> None:
    stream = await studio.stream(CONTAINER)
    await stream.send(data, 4_000)
    await stream.say(FrameType.end)
    end = await stream.end()

    assert (end.type, end.data["code"]) == (EventType.failed, "audio.unreadable")
    assert any(isinstance(told, Unreadable) for told in stream.told())


async def test_what_becomes_corrupt_is_told_and_the_stream_goes_on(studio: Studio) -> None:
    data = container(samples("young-man") + silence(5) + samples("young-man") + silence(1), "webm/opus")
    stream = await studio.stream(CONTAINER)
    middle = len(data) // 2
    await stream.send(data[: middle - 1_500] + os.urandom(3_000) + data[middle + 1_500 :], 1_600)
    await stream.say(FrameType.end)
    end = await stream.end()

    assert end.type is EventType.completed
    assert any(isinstance(told, Unreadable) for told in stream.told())
    assert len(stream.finals()) == 2


async def test_what_stays_corrupt_fails_with_a_code_after_all_that_was_said_before(studio: Studio) -> None:
    data = container(samples("young-man"), "webm/opus")
    stream = await studio.stream(CONTAINER)
    await stream.send(data + os.urandom(400_000), 8_000)
    end = await stream.end()

    assert (end.type, end.data["code"]) == (EventType.failed, "audio.unreadable")
    assert len(stream.finals()) == 1


async def test_an_odd_number_of_bytes_and_a_single_one_harm_nothing(studio: Studio, alone: list[Word]) -> None:
    stream = await studio.stream()
    await stream.send(dialog(), 3_201)
    await stream.send(b"x", 1)
    await stream.say(FrameType.end)

    assert (await stream.end()).type is EventType.completed
    assert [word.word for final in stream.finals() for word in final.words] == [word.word for word in alone]


async def test_a_wav_that_breaks_off_is_heard_up_to_there(studio: Studio) -> None:
    data = encoded(silence(0.5) + samples("leisure"), *CONTAINERS["wav"])
    stream = await studio.stream(CONTAINER)
    await stream.send(data[: len(data) * 2 // 3], 3_200)
    await stream.say(FrameType.end)

    assert (await stream.end()).type is EventType.completed
    assert stream.text


async def test_a_rate_of_0_hz_is_refused_before_anything_is_opened(studio: Studio) -> None:
    payload = TranscribeStream.model_construct(
        format=AudioFormat.model_construct(encoding=Encoding.linear16, sample_rate=0, channels=1)
    )
    stream = await studio.stream(payload)
    end = await stream.end()

    assert (end.type, end.data["code"]) == (EventType.failed, "job.invalid_payload")


async def test_metrics_count_what_was_heard(studio: Studio, stream_worker: Program) -> None:
    stream = await studio.stream()
    await stream.send(silence(0.5) + samples("young-man"), 3_200)
    await stream.say(FrameType.end)
    await stream.end()

    status, metrics = stream_worker.fetch("/metrics")
    assert status == 200
    for name in ("warren_streams_active", "warren_stream_lag_seconds_count", "warren_audio_seconds_total"):
        assert name in metrics
