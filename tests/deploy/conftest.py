"""A virtual host whose users are those of a deployment."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from warren import access, brokerapi, topology
from warren.embedded import EmbeddedRabbitMQ

UrlOf = Callable[[str], str]

PASSWORD = "s3cr:t@/%"
"""Of every user; none that a URL would take as it is."""
QUOTED = "s3cr%3At%40%2F%25"


@pytest.fixture(scope="package")
def url_of(rabbitmq: EmbeddedRabbitMQ) -> UrlOf:
    """The `amqp://` URL of a user (`gateway`, `analyzer`, …), or of the administrator (`""`), at Warren's topology."""
    admin = rabbitmq.create_vhost("deployed")
    topology.declare(admin)
    passwords = dict.fromkeys(access.USERS, PASSWORD)
    address = rabbitmq.management_url.removesuffix("/api/")
    brokerapi.import_definitions(address, access.definitions(passwords, "deployed"))
    place = urlsplit(admin).netloc.rpartition("@")[2]
    return lambda user: f"amqp://{user}:{QUOTED}@{place}/deployed" if user else admin
