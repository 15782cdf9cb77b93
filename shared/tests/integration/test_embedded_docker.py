"""RabbitMQ in a container, for machines without its programs. Skipped where Docker or the image is missing."""

import subprocess
from collections.abc import Iterator

import aio_pika
import pytest

from warren.embedded import DockerRabbitMQ
from warren.embedded.docker import IMAGE, docker_works
from warren.testing.services import scratch_directory


@pytest.fixture
def broker() -> Iterator[DockerRabbitMQ]:
    if not docker_works():
        pytest.skip("Docker does not work here")
    if subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True, check=False).returncode:
        pytest.skip(f"Docker has no image {IMAGE} here")
    with scratch_directory("warren-docker-") as data, DockerRabbitMQ(data) as server:
        yield server


def container_is_there(broker: DockerRabbitMQ) -> bool:
    listing = ["docker", "ps", "--all", "--quiet", f"--filter=name={broker.container}"]
    return bool(subprocess.run(listing, capture_output=True, check=True).stdout)


async def test_messages_survive_a_stop_and_the_container_is_gone(broker: DockerRabbitMQ) -> None:
    async with await aio_pika.connect(broker.url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue("kept", durable=True, arguments={"x-queue-type": "quorum"})
        await channel.default_exchange.publish(aio_pika.Message(b"one"), queue.name)
    assert container_is_there(broker)

    broker.stop()
    assert not container_is_there(broker)

    broker.start()
    async with await aio_pika.connect(broker.url) as connection:
        channel = await connection.channel()
        queue = await channel.get_queue("kept")
        assert (await queue.get()).body == b"one"

    broker.kill()
    assert not container_is_there(broker)
