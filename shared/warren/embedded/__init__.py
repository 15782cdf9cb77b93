"""A private RabbitMQ and PostgreSQL for the laptop and for tests."""

from warren.embedded.postgres import EmbeddedPostgres
from warren.embedded.rabbitmq import EmbeddedRabbitMQ, find_rabbitmq
from warren.embedded.server import DataInUse, EmbeddedError, PortTaken, free_port, port_is_free

__all__ = [
    "DataInUse",
    "EmbeddedError",
    "EmbeddedPostgres",
    "EmbeddedRabbitMQ",
    "PortTaken",
    "find_rabbitmq",
    "free_port",
    "port_is_free",
]
