"""Limits, spending and remembered answers that processes share through PostgreSQL."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from warren import database, llm, topology
from warren.broker import Broker
from warren.contracts.events import EventType
from warren.database import Database
from warren.embedded import EmbeddedPostgres, free_port
from warren.llm import ChatMessage, LlmBudgetSpent, LlmSettings, LlmUnavailable
from warren.llm.cache import AnswerCache
from warren.llm.limits import LATENESS_SECONDS, Limits, ProcessLimits, Rates, SharedLimits, Turn, take_turn
from warren.llm.reply import Completion
from warren.testing.asker import Ask
from warren.testing.processes import Programs
from warren.testing.scripted_llm import ScriptedLlm, Step

from .worker.desk import Desk

QUESTION: list[ChatMessage] = [{"role": "user", "content": "How many rows?"}]
PATIENCE = 600.0


@pytest.fixture(scope="module")
def llm_database(postgres: EmbeddedPostgres) -> str:
    """The URL of a database with the tables."""
    url = postgres.create_database("llm_care")
    program = Path(sys.executable).with_name("warren")
    subprocess.run([program, "migrate"], env={"WARREN_DATABASE_URL": url}, check=True, timeout=60)
    return url


@pytest.fixture
async def store(llm_database: str) -> AsyncIterator[Database]:
    """Its tables are empty."""
    async with database.connect(llm_database, "test", pool_size=8) as connected:
        async with connected.transaction() as connection:
            await connection.execute(sa.text("TRUNCATE llm.requests, llm.spending, llm.answers"))
        yield connected


@pytest.fixture(params=["shared", "process"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def limits_of(kind: str, rates: Rates, store: Database) -> Limits:
    return SharedLimits("test", rates, store) if kind == "shared" else ProcessLimits("test", rates)


def settings(base_url: str, **changes: object) -> LlmSettings:
    key = SecretStr("sk-test")
    return LlmSettings.model_validate({"llm_api_key": key, "llm_base_url": base_url, "llm_model": "m", **changes})


async def reserve(limits: Limits, times: int, tokens: int = 1, cost: float = 0.0) -> list[Turn]:
    return [await limits.reserve(tokens, cost, PATIENCE) for _ in range(times)]


# Limits -------------------------------------------------------------------------------------------------------------


async def test_requests_beyond_the_limit_get_a_turn_in_the_next_windows(store: Database, kind: str) -> None:
    turns = await reserve(limits_of(kind, Rates(requests_per_minute=2), store), 5)
    waits = [turn.wait for turn in turns]
    assert waits == pytest.approx([0, 0, 61, 61, 122], abs=1)


async def test_tokens_count_with_their_estimate_until_they_are_known(store: Database, kind: str) -> None:
    limits = limits_of(kind, Rates(tokens_per_minute=100), store)
    (first,) = await reserve(limits, 1, tokens=80)
    await limits.settle(first, 30, 0.0)
    waits = [turn.wait for turn in await reserve(limits, 2, tokens=70)]
    assert waits == pytest.approx([0, 61], abs=1)


async def test_a_request_larger_than_the_limit_goes_alone(store: Database, kind: str) -> None:
    limits = limits_of(kind, Rates(tokens_per_minute=100), store)
    waits = [turn.wait for turn in await reserve(limits, 3, tokens=5000)]
    assert waits == pytest.approx([0, 61, 122], abs=1)


async def test_who_would_wait_too_long_is_told_at_once_and_takes_no_turn(store: Database, kind: str) -> None:
    limits = limits_of(kind, Rates(requests_per_minute=1), store)
    await reserve(limits, 1)
    for _ in range(2):
        with pytest.raises(LlmUnavailable) as caught:
            await limits.reserve(1, 0.0, 10.0)
        assert caught.value.outcome == "limited"
        assert caught.value.retry_after == pytest.approx(61, abs=1)


async def test_a_turn_that_is_missed_is_given_back(store: Database, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = limits_of(kind, Rates(requests_per_minute=1, money_per_day=1.0), store)
    loop, reserve = asyncio.get_running_loop(), limits.reserve
    late = iter([LATENESS_SECONDS + 0.1])

    async def reserve_slowly(tokens: int, cost: float, patience: float) -> Turn:
        turn = await reserve(tokens, cost, patience)
        time.sleep(next(late, 0.0))  # noqa: ASYNC251  the whole process stands still, as a busy machine makes it
        return turn

    monkeypatch.setattr(limits, "reserve", reserve_slowly)
    before = loop.time()
    turn = await take_turn(limits, 1, 0.9, PATIENCE)
    assert turn.cost == 0.9
    assert loop.time() - before < 30


async def test_money_that_may_be_spent_is_counted_before_it_is(store: Database, kind: str) -> None:
    limits = limits_of(kind, Rates(money_per_day=1.0), store)
    first, _second = await reserve(limits, 2, cost=0.4)
    with pytest.raises(LlmBudgetSpent, match="budget"):
        await reserve(limits, 1, cost=0.4)
    await limits.settle(first, 10, 0.1)
    await reserve(limits, 1, cost=0.4)


async def test_without_prices_the_budget_ends_once_it_is_spent(store: Database, kind: str) -> None:
    limits = limits_of(kind, Rates(money_per_day=1.0), store)
    (turn,) = await reserve(limits, 1)
    await limits.settle(turn, 10, 1.25)
    with pytest.raises(LlmBudgetSpent):
        await reserve(limits, 1)


async def test_many_at_once_never_get_the_same_turn(store: Database) -> None:
    limits = SharedLimits("test", Rates(requests_per_minute=5), store)
    started = time.monotonic()
    turns = await asyncio.gather(*(limits.reserve(1, 0.0, PATIENCE) for _ in range(40)))
    elapsed = time.monotonic() - started
    due = sorted(turn.wait for turn in turns)
    assert len({turn.id for turn in turns}) == 40
    # Waits are from when each was told, which was at most `elapsed` after the first.
    assert all(later - sooner >= 61 - elapsed for sooner, later in zip(due, due[5:], strict=False))


async def test_other_providers_have_limits_of_their_own_but_one_budget(store: Database) -> None:
    rates = Rates(requests_per_minute=1, money_per_day=1.0)
    await reserve(SharedLimits("one", rates, store), 1, cost=0.9)
    (other,) = await reserve(SharedLimits("other", rates, store), 1, cost=0.05)
    assert other.wait == pytest.approx(0, abs=1)
    with pytest.raises(LlmBudgetSpent):
        await reserve(SharedLimits("third", rates, store), 1, cost=0.2)


async def test_no_request_goes_uncounted_when_postgresql_is_away_or_has_no_tables(database_url: str) -> None:
    away = f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/none"
    for url in (away, database_url):
        async with database.connect(url, "test") as unready:
            with pytest.raises(LlmUnavailable, match="PostgreSQL"):
                await SharedLimits("test", Rates(requests_per_minute=1), unready).reserve(1, 0.0, PATIENCE)


# Remembered answers --------------------------------------------------------------------------------------------------


async def test_an_answer_is_remembered_until_it_expires(store: Database) -> None:
    said = Completion("42", "m", prompt_tokens=7, completion_tokens=1, cost=0.5)
    cache = AnswerCache(store, 3600)
    assert await cache.get(b"key") is None
    await cache.put(b"key", said)
    await cache.put(b"key", said)
    assert await cache.get(b"key") == replace(said, cached=True)
    assert replace(said, cached=True).usage.cost == 0

    await AnswerCache(store, 0).put(b"expired", said)
    assert await cache.get(b"expired") is None
    await cache.put(b"other", said)
    async with store.transaction() as connection:
        kept = (await connection.execute(sa.text("SELECT count(*) FROM llm.answers"))).scalar_one()
    assert kept == 2


async def test_the_memory_is_done_without_while_it_is_away() -> None:
    async with database.connect(f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/none", "test") as away:
        cache = AnswerCache(away, 3600)
        await cache.put(b"key", Completion("42", "m"))
        assert await cache.get(b"key") is None


async def test_the_same_question_is_paid_for_once_by_all_clients(store: Database, llm_database: str) -> None:
    async with AsyncExitStack() as stack:
        endpoint = stack.enter_context(ScriptedLlm([Step(reply="42", prompt_tokens=1000, times=None)]))
        made = settings(
            endpoint.base_url, database_url=llm_database, llm_money_per_day=1.0, llm_price_prompt=10.0,
            llm_price_completion=30.0, llm_max_output_tokens=100,
        )  # fmt: skip
        one, other = [await stack.enter_async_context(llm.connect(made)) for _ in range(2)]
        first = await one.complete(QUESTION, purpose="test")
        again = await other.complete(QUESTION, purpose="test")
        await other.complete(QUESTION, purpose="test", prompt_version="2")
        await other.complete(QUESTION, purpose="test", remember=False)
    assert first.cost == pytest.approx((1000 * 10 + 20 * 30) / 1e6)
    assert (first.cached, again.cached, again.text) == (False, True, "42")
    assert len(endpoint.requests) == 3
    async with store.transaction() as connection:
        spent = (await connection.execute(sa.text("SELECT requests, tokens, cost FROM llm.spending"))).one()
    assert tuple(spent) == (3, 3 * 1020, pytest.approx(3 * first.cost))


async def test_failed_requests_cost_nothing_and_an_unknown_end_the_estimate(store: Database, llm_database: str) -> None:
    async with AsyncExitStack() as stack:
        endpoint = stack.enter_context(ScriptedLlm([Step(status=500), Step(delay=30), Step(reply="42", cost=0.001)]))
        made = settings(
            endpoint.base_url, database_url=llm_database, llm_money_per_day=1.0, llm_price_completion=100.0,
            llm_max_output_tokens=100, llm_timeout_seconds=0.3, llm_total_timeout_seconds=20,
        )  # fmt: skip
        client = await stack.enter_async_context(llm.connect(made))
        await client.complete(QUESTION, purpose="test")
    async with store.transaction() as connection:
        spent = (await connection.execute(sa.text("SELECT requests, cost FROM llm.spending"))).one()
    assert tuple(spent) == (3, pytest.approx(0.01 + 0.001))


# Across processes ----------------------------------------------------------------------------------------------------


async def test_four_workers_keep_one_limit_and_fail_nothing(
    vhost: str, store: Database, llm_database: str, tmp_path: Path
) -> None:
    limit, jobs, window = 12, 40, 1.0
    faults = [Step(disconnect=True, when="job 3."), Step(status=429, retry_after=0.1, when="job 17."),
              Step(status=503, when="job 31.")]  # fmt: skip
    topology.declare(vhost)
    async with AsyncExitStack() as stack:
        endpoint = stack.enter_context(ScriptedLlm([*faults, Step(reply="42", times=None)]))
        environment = {
            "WARREN_BROKER_URL": vhost, "WARREN_DATABASE_URL": llm_database, "WARREN_BLOBS_URL": tmp_path.as_uri(),
            "WARREN_LLM_API_KEY": "sk-test", "WARREN_LLM_BASE_URL": endpoint.base_url,
            "WARREN_LLM_REQUESTS_PER_MINUTE": str(limit), "WARREN_TEST_WINDOW_SECONDS": str(window),
            "WARREN_WORKER_CONCURRENCY": "10",
        }  # fmt: skip
        programs = Programs(environment, tmp_path)
        stack.push_async_callback(programs.end)
        await asyncio.gather(*(programs.worker("warren.testing.asker") for _ in range(4)))
        desk = Desk(await stack.enter_async_context(Broker(vhost, "desk")))
        await desk.open()
        sent = [await desk.send(Ask(question=f"job {n}.")) for n in range(jobs)]
        ends = await asyncio.gather(*(desk.end(job_id) for job_id in sent))
    assert {end.type for end in ends} == {EventType.completed}
    arrivals = [request.at for request in endpoint.requests]
    assert len(arrivals) == jobs + len(faults)
    assert len({end.data["result"]["pid"] for end in ends}) == 4
    assert all(arrivals[n + limit] - arrivals[n] > window for n in range(len(arrivals) - limit))
