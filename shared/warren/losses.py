"""aio-pika tells the loss of a connection in many ways; here they become one error."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import aio_pika

from warren.errors import BrokerUnavailable

CONNECTION_ERRORS = (*aio_pika.exceptions.CONNECTION_EXCEPTIONS, TimeoutError)


@contextmanager
def unavailable_when_lost() -> Iterator[None]:
    """Raise `BrokerUnavailable` in place of what a lost connection, or one that does not answer in time, raises."""
    try:
        yield
    except asyncio.CancelledError:
        # aio-pika also raises this, when a heartbeat kills the link under a waiting call.
        if being_cancelled():
            raise
        raise BrokerUnavailable("connection lost") from None
    except CONNECTION_ERRORS as error:
        raise BrokerUnavailable(reason(error)) from error


def being_cancelled() -> bool:
    """Whether somebody really cancels the current task."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def reason(error: BaseException) -> str:
    """For a log line, or a person."""
    return f"{type(error).__name__}: {error}"
