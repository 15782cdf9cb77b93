"""The numbered events of one run, against a RabbitMQ that takes them, refuses them, or keeps one waiting."""

import asyncio
from collections.abc import Sequence

import pytest

from warren.contracts.events import EventType, JobEvent
from warren.errors import BrokerUnavailable
from warren.worker import log as module
from warren.worker.log import RunLog


class Exchange:
    """What was published, message by message. Away until `back` is set; confirms once `confirming` is."""

    def __init__(self) -> None:
        self.messages: list[list[str]] = []
        self.away = False
        self.confirming = asyncio.Event()
        self.confirming.set()
        self.tried = asyncio.Event()

    async def publish(self, batch: Sequence[JobEvent]) -> None:
        self.tried.set()
        if self.away:
            raise BrokerUnavailable("away")
        self.messages.append([event.id for event in batch])
        await self.confirming.wait()


@pytest.fixture
async def exchange() -> Exchange:
    return Exchange()


@pytest.fixture
def run_log(exchange: Exchange) -> RunLog:
    return RunLog("job_1", 2, exchange.publish)


def never() -> bool:
    return False


async def test_events_that_come_together_are_sent_together(run_log: RunLog, exchange: Exchange) -> None:
    run_log.add(EventType.started)
    run_log.add(EventType.completed)
    assert await run_log.finish(never)
    assert exchange.messages == [["2-1", "2-2"]]


async def test_an_event_goes_out_soon_though_nobody_sends_it(run_log: RunLog, exchange: Exchange) -> None:
    run_log.add(EventType.started)
    await asyncio.wait_for(exchange.tried.wait(), 5)
    assert exchange.messages == [["2-1"]]


async def test_what_could_not_be_sent_goes_with_the_next_event(run_log: RunLog, exchange: Exchange) -> None:
    exchange.away = True
    run_log.add(EventType.started)
    with pytest.raises(BrokerUnavailable):
        await run_log.send()
    exchange.away = False
    run_log.add(EventType.progress)
    await run_log.send()
    assert exchange.messages == [["2-1", "2-2"]]


async def test_what_could_not_be_sent_is_tried_again_though_nothing_happens(
    run_log: RunLog, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.01)
    exchange.away = True
    run_log.add(EventType.started)
    await asyncio.wait_for(exchange.tried.wait(), 5)
    exchange.away = False
    exchange.tried.clear()
    await asyncio.wait_for(exchange.tried.wait(), 5)
    assert exchange.messages == [["2-1"]]


async def test_the_end_is_told_however_long_it_takes(
    run_log: RunLog, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_DELAY_SECONDS", 0.001)
    exchange.away = True
    run_log.add(EventType.completed)
    telling = asyncio.create_task(run_log.finish(never))
    for _ in range(3):
        exchange.tried.clear()
        await asyncio.wait_for(exchange.tried.wait(), 5)
    exchange.away = False
    assert await telling
    assert exchange.messages == [["2-1"]]


async def test_a_run_that_was_given_up_says_nothing_more(run_log: RunLog, exchange: Exchange) -> None:
    run_log.add(EventType.completed)
    assert not await run_log.finish(lambda: True)
    await asyncio.sleep(module.COALESCE_SECONDS * 3)
    assert exchange.messages == []


async def test_a_handler_cancelled_while_it_sends_sends_nothing_twice(run_log: RunLog, exchange: Exchange) -> None:
    exchange.confirming.clear()
    run_log.add(EventType.progress)
    sending = asyncio.create_task(run_log.send())
    await exchange.tried.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    run_log.add(EventType.cancelled)
    telling = asyncio.create_task(run_log.finish(never))
    exchange.confirming.set()
    assert await telling
    assert exchange.messages == [["2-1"], ["2-2"]]


async def test_text_is_cleaned_of_what_json_and_postgresql_cannot_hold(exchange: Exchange) -> None:
    sent: list[JobEvent] = []

    async def publish(batch: Sequence[JobEvent]) -> None:
        sent.extend(batch)

    run_log = RunLog("job_1", 1, publish)
    run_log.add(EventType.progress, {"a\0": ["x\0y", {"z": "\ud800"}], "n": 1, "none": None, "ok": "Привет\n"})
    await run_log.send()
    assert sent[0].data == {"a": ["xy", {"z": "?"}], "n": 1, "none": None, "ok": "Привет\n"}
