from types import SimpleNamespace
from typing import Any

import pytest

from warren.worker.consumer import Consumer


@pytest.fixture
def consumer() -> Any:
    """As Celery has it once it is connected and has made its consumers, which RabbitMQ was not told yet."""
    made = Consumer.__new__(Consumer)
    made.connection = SimpleNamespace(connected=True)
    made.task_consumer = object()
    made.init_callback = None
    return made


def test_a_worker_is_ready_only_when_rabbitmq_has_taken_it_as_a_consumer(consumer: Any) -> None:
    assert not consumer.consuming
    consumer.on_ready()
    assert consumer.consuming


def test_it_is_not_after_its_connection_was_lost_nor_over_the_next_before_it_consumes_again(consumer: Any) -> None:
    consumer.on_ready()
    consumer.connection.connected = False
    assert not consumer.consuming
    consumer.connection = None
    assert not consumer.consuming
    consumer.connection = SimpleNamespace(connected=True)
    assert not consumer.consuming
    consumer.on_ready()
    assert consumer.consuming
