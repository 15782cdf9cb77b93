"""Live audio while things break: whatever dies, the words come, once and in order."""

import asyncio
import signal
import time
from dataclasses import dataclass
from typing import Any

import psutil
import pytest

from warren.embedded.guard import await_end
from warren.testing.processes import Program, until

from .speaker import CHUNK, PAUSE, Speaker, recording, words
from .suite import SECONDS, Suite

BLOCKED_SECONDS = 1.0
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Speech:
    """Two sentences; the second is interrupted. `words` are those that the engine hears in both."""

    first: bytes
    half: bytes
    rest: bytes
    words: list[str]


@pytest.fixture(scope="module")
def speech() -> Speech:
    first, second = PAUSE + recording("young-man") + PAUSE, recording("leisure") + PAUSE
    middle = len(second) // CHUNK // 2 * CHUNK
    return Speech(first, second[:middle], second[middle:], words(first + second))


async def interrupted(speaker: Speaker, speech: Speech) -> None:
    """Say the first sentence and half of the second."""
    speaker.say(speech.first)
    await speaker.heard("utterance_end")
    speaker.say(speech.half)
    await speaker.heard("speech_started", 2)
    await speaker.acknowledged()


async def test_a_worker_killed_in_the_middle_of_a_sentence_costs_no_word_and_doubles_none(
    suite: Suite, speech: Speech
) -> None:
    _, worker = await asyncio.gather(suite.gateway(), suite.transcriber())
    async with suite.speaking() as speaker:
        await interrupted(speaker, speech)
        worker.kill()
        engines = [process for process in worker.family() if process.pid != worker.pid]
        assert engines
        assert await asyncio.to_thread(await_end, engines, 5), "its processes end with it"
        speaker.say(speech.rest)
        await suite.transcriber()
    speaker.check(speech.words)
    assert speaker.closed == [1000], "the client noticed nothing"


async def test_streams_that_saw_two_workers_die_go_on_beside_each_other(suite: Suite, speech: Speech) -> None:
    await suite.gateway()
    async with suite.speaking() as one, suite.speaking() as other:
        for sentences in (1, 2, 3):
            worker = await suite.transcriber()
            for speaker in (one, other):
                speaker.say(speech.first)
            await asyncio.gather(*(speaker.heard("utterance_end", sentences) for speaker in (one, other)))
            if sentences < 3:
                worker.kill()
    for speaker in (one, other):
        speaker.check(words(speech.first * 3))


@pytest.mark.parametrize("told", [False, True])
async def test_rabbitmq_restarts_in_the_middle_of_a_sentence(suite: Suite, speech: Speech, told: bool) -> None:
    """The client waits; when it takes too long, it is told so, and comes back."""
    await asyncio.gather(suite.gateway(), suite.transcriber())
    async with suite.speaking() as speaker:
        await interrupted(speaker, speech)
        await asyncio.to_thread(suite.rabbitmq.stop)
        speaker.say(speech.rest)
        if told:
            await until(lambda: bool(speaker.closed), SECONDS, "the client to be told")
        await asyncio.to_thread(suite.rabbitmq.start)
    speaker.check(speech.words)
    assert set(speaker.closed[:-1]) == ({1013} if told else set())
    assert speaker.closed[-1] == 1000


async def test_a_client_that_was_cut_off_goes_on_with_its_token(suite: Suite, speech: Speech) -> None:
    await asyncio.gather(suite.gateway(), suite.transcriber())
    async with suite.speaking() as speaker:
        await interrupted(speaker, speech)
        speaker.say(speech.rest)
        speaker.socket.transport.abort()
    speaker.check(speech.words)
    assert speaker.closed == [1006, 1000], speaker.told("error")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 1001), (signal.SIGKILL, 1006)])
async def test_a_stream_goes_on_at_another_gateway(
    suite: Suite, speech: Speech, number: signal.Signals, code: int
) -> None:
    first, _ = await asyncio.gather(suite.gateway(), suite.transcriber())
    async with suite.speaking() as speaker:
        await interrupted(speaker, speech)
        await suite.gateway()
        speaker.say(speech.rest)
        first.send(number)
    speaker.check(speech.words)
    assert speaker.closed == [code, 1000], speaker.told("error")


async def test_a_client_that_never_reads_costs_little_holds_up_nobody_and_is_cut_off(
    suite: Suite, speech: Speech
) -> None:
    gateway, _ = await asyncio.gather(suite.gateway(), suite.transcriber())
    async with suite.speaking() as deaf:
        await interrupted(deaf, speech)
        before = memory(gateway)
        deaf.socket.transport.pause_reading()
        await send_until_blocked(deaf)
        async with suite.speaking() as other:
            other.say(speech.first + speech.half + speech.rest)
        other.check(speech.words)
        assert memory(gateway) - before < 30 * MEGABYTE
        await until(lambda: connections(gateway) == 0, SECONDS, "the client to be cut off")
        deaf.socket.transport.resume_reading()
        deaf.say(speech.rest)
    deaf.check(speech.words)
    assert deaf.closed == [1006, 1000], deaf.told("error")


async def send_until_blocked(speaker: Speaker) -> None:
    """Send what is answered at length, until the gateway takes no more."""
    nonsense = f'{{"type": "{"x" * 60_000}"}}'
    for _ in range(1000):
        try:
            async with asyncio.timeout(BLOCKED_SECONDS):
                await speaker.socket.send(nonsense)
        except TimeoutError:
            return
    raise AssertionError("the gateway takes everything from a client that reads nothing")


def memory(program: Program) -> int:
    """Bytes that it holds."""
    rss: int = psutil.Process(program.pid).memory_info().rss
    return rss


def connections(gateway: Program) -> float:
    lines = gateway.fetch("/metrics")[1].splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith("warren_websocket_connections "))


async def test_above_capacity_a_stream_is_refused_at_once_and_a_free_place_is_given_away_soon(suite: Suite) -> None:
    one: Any = {"WARREN_STREAMS_PER_WORKER": "1"}
    await asyncio.gather(suite.gateway(**one), suite.transcriber(**one))
    async with suite.speaking() as first:
        await first.heard("ready")
        asked = time.monotonic()
        async with suite.speaking() as second:
            await second.heard("error")
            assert time.monotonic() - asked < 1
            refused = second.told("error")[0]
            assert (refused["code"], second.told("ready")) == ("streams.full", [])
            assert refused["retry_after"] > 0
            first.end()
            await first.heard("done")
            freed = time.monotonic()
            await second.heard("ready")
            assert time.monotonic() - freed < 2
    assert set(second.closed[:-1]) == {1013}
