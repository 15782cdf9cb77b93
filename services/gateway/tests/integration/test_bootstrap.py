"""The first moments of a replica."""

from .conftest import StartGateway


async def test_a_gateway_serves_when_it_has_reached_rabbitmq(start_gateway: StartGateway) -> None:
    """Else its first live streams, and whatever asks a service, would be refused."""
    async with start_gateway() as gateway:
        assert gateway.parts.broker.connected


async def test_it_serves_without_rabbitmq_too(start_gateway: StartGateway) -> None:
    async with start_gateway(broker_url="amqp://warren:warren@127.0.0.1:1/warren") as gateway:
        assert not gateway.parts.broker.connected
        assert (await gateway.http.ask())["status"] == "queued"
