"""How a fork ended decides what its silence means."""

import signal

import pytest

from analyzer.sandbox.channel import Answer
from analyzer.sandbox.limits import Layer
from analyzer.sandbox.replies import read_frame, run_result
from analyzer.sandbox.wire import Kind, Record, Request
from warren.errors import JobError

REQUEST = Request(
    operation="run", layers=frozenset(Layer), cpu_seconds=10, address_space=1 << 30, result_bytes=1000, picture_bytes=0
)


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        (Record(Kind.timed_out, 1, -signal.SIGKILL, 5), "timeout"),
        (Record(Kind.ended, 1, -signal.SIGXCPU, 10_000), "timeout"),
        (Record(Kind.ended, 1, -signal.SIGKILL, 11_000), "timeout"),
        (Record(Kind.ended, 1, -signal.SIGKILL, 300), "died"),
        (Record(Kind.ended, 1, -signal.SIGSEGV, 300), "died"),
        (Record(Kind.ended, 1, -63, 300), "died"),
        (Record(Kind.ended, 1, 0, 300), "died"),
    ],
)
def test_silent_run_is_told_by_its_end(end: Record, outcome: str) -> None:
    assert run_result(Answer(None), end, REQUEST).outcome == outcome


def test_dead_run_names_its_signal() -> None:
    result = run_result(Answer(None), Record(Kind.ended, 1, -signal.SIGSEGV), REQUEST)
    assert result.error == "the run ended without a result (SIGSEGV)"


def test_reply_counts_only_when_the_run_was_not_stopped() -> None:
    answer = Answer(b'{"outcome": "ok", "answer": "late"}')
    assert run_result(answer, Record(Kind.ended, 1), REQUEST).answer == "late"
    assert run_result(answer, Record(Kind.timed_out, 1), REQUEST).outcome == "timeout"


@pytest.mark.parametrize(
    ("payload", "end", "code"),
    [
        (None, Record(Kind.ended, 1, -signal.SIGSEGV), "file.unreadable"),
        (None, Record(Kind.timed_out, 1, -signal.SIGKILL), "file.too_slow"),
        (None, Record(Kind.ended, 1, -signal.SIGXCPU), "file.too_slow"),
        (b'{"outcome": "memory"}', Record(Kind.ended, 1), "file.too_large"),
        (b'{"outcome": "output"}', Record(Kind.ended, 1), "file.too_large"),
        (b'{"outcome": "unreadable", "code": "file.empty", "error": "Empty."}', Record(Kind.ended, 1), "file.empty"),
        (b'{"outcome": "unreadable", "code": "<b>"}', Record(Kind.ended, 1), "file.unreadable"),
        (b'{"outcome": "error", "error": "KeyError"}', Record(Kind.ended, 1), "file.unreadable"),
        (b'{"outcome": "ok"}', Record(Kind.ended, 1), "file.unreadable"),
    ],
)
def test_file_that_was_not_read_fails_the_job(payload: bytes | None, end: Record, code: str) -> None:
    with pytest.raises(JobError) as failure:
        read_frame(Answer(payload), end, REQUEST)
    assert failure.value.code == code
    assert "Traceback" not in failure.value.message
    assert failure.value.message
