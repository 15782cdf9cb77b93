"""A private RabbitMQ and PostgreSQL for the laptop and for tests."""

from warren.embedded.docker import DockerRabbitMQ, rabbitmq_server
from warren.embedded.postgres import EmbeddedPostgres
from warren.embedded.rabbitmq import EmbeddedRabbitMQ, find_rabbitmq
from warren.embedded.server import DataInUse, EmbeddedError, PortTaken, free_port, port_is_free

__all__ = [
    "DataInUse",
    "DockerRabbitMQ",
    "EmbeddedError",
    "EmbeddedPostgres",
    "EmbeddedRabbitMQ",
    "PortTaken",
    "find_rabbitmq",
    "free_port",
    "port_is_free",
    "rabbitmq_server",
]
