"""What a stream tells: decoding it, and delivering words once."""

from datetime import UTC, datetime
from typing import Any

import pytest

from warren import events, topology
from warren.contracts.events import EventType, JobEvent
from warren.contracts.transcriber import AudioFormat, Encoding, Transcript, UtteranceEnd, Word, beyond, stream_event


def event(type_: EventType, data: dict[str, Any]) -> JobEvent:
    return JobEvent(job_id="job_1", run=1, n=2, type=type_, at=datetime.now(UTC), data=data)


def final(*words: tuple[str, float, float], covers: float = 9.0) -> Transcript:
    made = tuple(Word(word=word, start=start, end=end) for word, start, end in words)
    text = " ".join(word.word for word in made)
    return Transcript(final=True, start=made[0].start, end=made[-1].end, text=text, words=made, covers=covers)


def test_a_live_event_is_decoded_by_its_type() -> None:
    said = UtteranceEnd(at=1.5, covers=2.0, caught_up=True, seq=7)

    assert stream_event(event(EventType.live, said.model_dump(mode="json"))) == said


def test_other_events_say_nothing_of_a_stream() -> None:
    assert stream_event(event(EventType.progress, {"stage": "x", "message": "y"})) is None


def test_the_recorder_does_not_see_live_events_and_a_watcher_may() -> None:
    live = events.routing_key("transcriber", event(EventType.live, {}))
    output = events.routing_key("transcriber", event(EventType.output, {}))

    assert len(live.split(".")) == len(topology.RECORDED.split(".")) + 1
    assert len(output.split(".")) == len(topology.RECORDED.split("."))
    assert events.watch_key("job_1", live=True) == "*.job_1.#"


def test_a_new_final_is_delivered_whole() -> None:
    new = final(("go", 2.0, 2.2), ("on", 2.2, 2.5))

    assert beyond(new, 2.0) == new


def test_a_final_that_was_delivered_before_is_dropped() -> None:
    assert beyond(final(("go", 2.0, 2.2), ("on", 2.2, 2.5)), 3.0) is None


def test_of_a_final_that_was_cut_otherwise_only_the_new_words_are_delivered() -> None:
    heard_again = final(("go", 2.0, 2.2), ("on", 2.2, 2.5), ("please", 3.1, 3.6))
    left = beyond(heard_again, 3.0)

    assert left is not None
    assert (left.text, left.start, left.end) == ("please", 3.1, 3.6)


@pytest.mark.parametrize(("position", "delivered"), [(1.0, True), (4.0, False)])
def test_without_words_the_middle_of_the_utterance_decides(position: float, delivered: bool) -> None:
    untimed = Transcript(final=True, start=0.5, end=3.5, text="go on", covers=4.0)

    assert (beyond(untimed, position) is not None) is delivered


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [(Encoding.linear16, 32_000), (Encoding.float32, 64_000), (Encoding.mulaw, 16_000), (Encoding.container, None)],
)
def test_bytes_of_a_second_are_known_for_raw_audio(encoding: Encoding, expected: int | None) -> None:
    assert AudioFormat(encoding=encoding, sample_rate=8_000, channels=2).bytes_per_second == expected
