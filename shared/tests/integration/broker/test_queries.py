"""Questions of one service to another."""

import asyncio
from typing import ClassVar

import pytest

from warren.broker import Broker
from warren.contracts.base import Message, Query
from warren.errors import BrokerUnavailable, QueryTimeout
from warren.queries import QueryClient, QueryHandlers, QueryRefused, QueryServer

from .parties import SECONDS, Echo, Echoed, until_answered


class Unanswered(Query):
    name: ClassVar[str] = "gateway.unanswered"


class Nobody(Query):
    name: ClassVar[str] = "nobody.there"


@pytest.fixture
async def client(broker: Broker) -> QueryClient:
    async def echo(query: Echo) -> Echoed:
        await asyncio.sleep(query.seconds)
        if query.text == "refuse":
            raise QueryRefused("echo.refused", "I will not say that.")
        if query.text == "crash":
            raise RuntimeError("secret of the inside")
        return Echoed(text=query.text)

    answers: QueryHandlers = {Echo: echo}
    QueryServer(broker, "gateway", answers).start()
    client = QueryClient(broker)
    client.start()
    await until_answered(client)
    return client


async def test_a_question_is_answered(client: QueryClient) -> None:
    assert await client.ask(Echo(text="hello"), Echoed) == Echoed(text="hello")


async def test_everybody_gets_the_answer_to_his_own_question(client: QueryClient) -> None:
    texts = [str(n) for n in range(100)]
    answers = await asyncio.gather(*(client.ask(Echo(text=text), Echoed) for text in texts))

    assert [answer.text for answer in answers] == texts


async def test_a_slow_answer_holds_up_no_other_and_comes_too_late(client: QueryClient) -> None:
    slow = asyncio.create_task(client.ask(Echo(text="slow", seconds=5), Echoed, timeout=0.3))
    assert await client.ask(Echo(text="quick"), Echoed) == Echoed(text="quick")

    with pytest.raises(QueryTimeout, match=r"gateway\.echo"):
        await slow


@pytest.mark.parametrize(
    ("query", "code"),
    [(Echo(text="refuse"), "echo.refused"), (Echo(text="crash"), "query.failed"), (Unanswered(), "query.unknown")],
)
async def test_a_question_that_cannot_be_answered_says_why(client: QueryClient, query: Query, code: str) -> None:
    with pytest.raises(QueryRefused) as refused:
        await client.ask(query, Echoed)

    assert refused.value.code == code
    assert "secret" not in refused.value.message


async def test_an_answer_of_another_shape_is_an_error_of_its_own(client: QueryClient) -> None:
    class Other(Message):
        number: int

    with pytest.raises(QueryRefused) as refused:
        await client.ask(Echo(text="hello"), Other)

    assert refused.value.code == "query.unreadable"


async def test_a_service_that_is_not_there_is_noticed_at_once(client: QueryClient) -> None:
    with pytest.raises(BrokerUnavailable):
        await client.ask(Nobody(), Echoed, timeout=SECONDS)
