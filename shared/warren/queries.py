"""Ask another service something it answers now: request and reply over RabbitMQ, with a deadline."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import structlog
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from pydantic import BaseModel, ValidationError

from warren import topology
from warren.broker import Broker
from warren.contracts.base import Message, Query
from warren.errors import BrokerUnavailable, QueryTimeout, WarrenError
from warren.ids import new_id

log = structlog.get_logger(__name__)

R = TypeVar("R", bound=BaseModel)
QueryHandler = Callable[[Any], Awaitable[BaseModel]]
QueryHandlers = Mapping[type[Query], QueryHandler]


class QueryRefused(WarrenError):
    """The service answered with an error: a stable `code` and a `message` for a person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class _Reply(Message):
    result: dict[str, Any] | None = None
    code: str | None = None
    message: str = ""


class QueryClient:
    """Asks queries; one per process. `start()` once, then `ask()` from anywhere on the loop."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._waiting: dict[str, asyncio.Future[_Reply | None]] = {}
        self._queue = ""
        self._listening = asyncio.Event()

    def start(self) -> None:
        """Listen for replies, from when RabbitMQ is there."""
        self._broker.consume(self._listen)

    async def _listen(self, channel: AbstractChannel) -> None:
        queue = await channel.declare_queue(new_id("warren.reply"), exclusive=True, auto_delete=True)
        await queue.bind(topology.REPLIES, queue.name)
        await queue.consume(self._receive, no_ack=True)
        self._queue = queue.name
        self._listening.set()
        channel.close_callbacks.add(lambda *_: self._lost(queue.name))

    def _lost(self, queue: str) -> None:
        if queue != self._queue:
            return
        self._listening.clear()
        for future in self._waiting.values():
            if not future.done():
                future.set_result(None)

    async def ask(self, query: Query, reply: type[R], *, timeout: float = 2.0) -> R:
        """The answer of the service that `query.name` names.

        Raises `QueryTimeout` after `timeout` seconds, `BrokerUnavailable`, or `QueryRefused` with the service's error.
        """
        if not self._broker.connected:
            raise BrokerUnavailable("RabbitMQ is not reachable")
        correlation_id = uuid.uuid4().hex
        future: asyncio.Future[_Reply | None] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout):
                # Right after a lost connection there is no queue yet for the answer.
                await self._listening.wait()
                self._waiting[correlation_id] = future
                await self._broker.publish(
                    topology.QUERIES,
                    query.name.split(".")[0],
                    query.model_dump_json().encode(),
                    timeout=timeout,
                    message_type=query.name,
                    correlation_id=correlation_id,
                    reply_to=self._queue,
                    expiration=str(round(timeout * 1000)),
                )
                answer = await future
        except TimeoutError:
            raise QueryTimeout(query.name, timeout) from None
        finally:
            self._waiting.pop(correlation_id, None)
        if answer is None:
            raise BrokerUnavailable("the connection was lost before the answer came")
        if answer.code is not None:
            raise QueryRefused(answer.code, answer.message)
        try:
            return reply.model_validate(answer.result)
        except ValidationError as error:
            # The service is of another version than we are.
            raise QueryRefused(
                "query.unreadable", f"the answer to {query.name} is no {reply.__name__}: {error}"
            ) from None

    async def _receive(self, message: AbstractIncomingMessage) -> None:
        future = self._waiting.get(message.correlation_id or "")
        if future is None or future.done():
            return
        try:
            future.set_result(_Reply.model_validate_json(message.body))
        except ValidationError as error:
            future.set_result(_Reply(code="query.unreadable", message=f"no reply at all: {error}"))


class QueryServer:
    """Answers a service's queries with its handlers."""

    def __init__(self, broker: Broker, service: str, handlers: QueryHandlers) -> None:
        self._broker = broker
        self._service = service
        self._handlers = {query.name: (query, handler) for query, handler in handlers.items()}

    def start(self) -> None:
        """Answer, from when RabbitMQ is there."""
        self._broker.consume(self._listen, prefetch=32)

    async def _listen(self, channel: AbstractChannel) -> None:
        queue = await channel.get_queue(topology.query_queue(self._service), ensure=False)
        # Without acknowledgements: who asks has a deadline, and asks again.
        await queue.consume(self._receive, no_ack=True)

    async def _receive(self, message: AbstractIncomingMessage) -> None:
        started = time.monotonic()
        reply = await self._answer(message.type or "", message.body)
        log.debug("query_answered", query=message.type, code=reply.code, ms=round((time.monotonic() - started) * 1000))
        if not message.reply_to:
            return
        try:
            await self._broker.reply(
                message.reply_to, reply.model_dump_json().encode(), correlation_id=message.correlation_id
            )
        except BrokerUnavailable as error:
            log.info("query_not_answered", query=message.type, error=str(error))

    async def _answer(self, name: str, body: bytes) -> _Reply:
        if name not in self._handlers:
            return _Reply(code="query.unknown", message=f"{self._service} answers no query {name!r}")
        query, handler = self._handlers[name]
        try:
            result = await handler(query.model_validate_json(body))
            return _Reply(result=result.model_dump(mode="json"))
        except ValidationError as error:
            return _Reply(code="query.invalid", message=str(error))
        except QueryRefused as refused:
            return _Reply(code=refused.code, message=refused.message)
        except Exception:  # the server must go on; whoever asked learns that it failed here
            log.exception("query_failed", query=name)
            return _Reply(code="query.failed", message=f"{self._service} could not answer {name}")
