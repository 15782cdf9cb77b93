"""`/asyncapi.json`: the WebSockets as they are."""

import json
import re
from typing import Any

import jsonschema_rs
import pytest

from gateway.asyncapi import document

from .support import RunningGateway, close_code, receive, send
from .transcriber import say, silence, transcribing

DOCUMENT = document()


def resolve(reference: str) -> Any:
    found: Any = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def conforms(channel: str, message: dict[str, Any]) -> bool:
    """Whether a message is as the document describes messages of its type."""
    described = DOCUMENT["channels"][channel]["messages"][message.get("type") or message["status"]]
    return bool(jsonschema_rs.is_valid(described["payload"], message))


def sent(channel: str) -> set[str]:
    """Types of the messages that the document says the server sends."""
    return {resolve(item["$ref"])["name"] for item in DOCUMENT["operations"][f"send_{channel}"]["messages"]}


async def test_it_is_served(gateway: RunningGateway) -> None:
    response = await gateway.http.get("/asyncapi.json")

    assert response.json() == DOCUMENT


def test_it_has_what_asyncapi_3_asks_for() -> None:
    assert re.fullmatch(r"3\.\d+\.\d+", DOCUMENT["asyncapi"])
    assert set(DOCUMENT["info"]) >= {"title", "version"}
    for channel in DOCUMENT["channels"].values():
        assert channel["address"].startswith("/")
        assert set(re.findall(r"{(\w+)}", channel["address"])) == set(channel.get("parameters", {}))
        assert channel["messages"]


def test_every_operation_points_at_messages_of_its_own_channel() -> None:
    for operation in DOCUMENT["operations"].values():
        reference = operation["channel"]["$ref"]

        assert operation["action"] in {"send", "receive"}
        assert resolve(reference)["address"]
        for message in operation["messages"]:
            assert message["$ref"].startswith(f"{reference}/messages/")
            assert resolve(message["$ref"])["payload"]


def test_every_message_is_sent_by_one_side_and_has_a_valid_schema() -> None:
    for name, channel in DOCUMENT["channels"].items():
        sides = [
            [resolve(message["$ref"])["name"] for message in DOCUMENT["operations"][f"{side}_{name}"]["messages"]]
            for side in ("send", "receive")
        ]
        assert sorted(sides[0] + sides[1]) == sorted(channel["messages"])
        for key, message in channel["messages"].items():
            assert message["name"] == key
            assert jsonschema_rs.meta.is_valid(message["payload"])
            properties = message["payload"].get("properties", {})
            assert key == "chunk" or {"const": key} in (properties.get("type"), properties.get("status"))


async def test_what_the_events_socket_sends_is_described(gateway: RunningGateway) -> None:
    job = await gateway.http.ask()
    run = gateway.run(job["id"])
    heard: list[dict[str, Any]] = []
    async with gateway.connect("/v1/events") as socket:
        await send(socket, type="ping")
        await send(socket, type="watch", job_id=job["id"])
        await send(socket, type="watch", job_id="job_unknown")
        await run.start()
        await run.progress("halfway", percent=50)
        await run.complete()
        heard += [await receive(socket) for _ in range(6)]
        await socket.send("{")
        heard.append(await receive(socket))
        await close_code(socket)

    assert [message for message in heard if not conforms("events", message)] == []
    assert {message["type"] for message in heard} == sent("events")


@pytest.mark.parametrize("ends_well", [True, False])
async def test_what_the_earlier_clients_socket_sends_is_described(gateway: RunningGateway, ends_well: bool) -> None:
    session = (await gateway.http.post("/api/sessions")).json()["session_id"]
    heard: list[dict[str, Any]] = []
    async with gateway.connect(f"/ws/analyze/{session}") as socket:
        await send(socket, type="analyze", query="how many?", file_base64="YQox")
        heard.append(await receive(socket))
        run = gateway.run(heard[0]["task_id"])
        await run.start()
        await (run.complete(plots=[]) if ends_well else run.fail())
        heard += [await receive(socket) for _ in range(2)]
        await send(socket, type="analyze", query="")
        heard.append(await receive(socket))

    assert [message for message in heard if not conforms("analyze", message)] == []
    assert [message["type"] for message in heard[1:]] == ["progress", "result" if ends_well else "error", "error"]


@pytest.mark.parametrize(
    ("channel", "address", "last"),
    [
        ("audio", "/v1/audio/stream", "end"),
        ("earlier_audio", "/ws", None),
        (
            "listen",
            "/v1/listen?encoding=linear16&sample_rate=16000&vad_events=true&utterance_end_ms=1000",
            "CloseStream",
        ),
    ],
)
async def test_what_the_sockets_of_live_audio_send_is_described(
    gateway: RunningGateway, channel: str, address: str, last: str | None
) -> None:
    heard: list[dict[str, Any]] = []
    async with (
        transcribing(gateway.settings.broker_url.get_secret_value()),
        gateway.connect(address) as socket,
    ):
        for chunk in (b"", say("hello"), b"bad", silence()):
            await socket.send(chunk)
        if last is not None:
            await send(socket, type=last)
            heard += [json.loads(message) async for message in socket]
        else:
            while not heard or heard[-1]["status"] != "transcript":
                heard.append(await receive(socket))

    assert [message for message in heard if not conforms(channel, message)] == []
    assert {message.get("type") or message["status"] for message in heard} == sent(channel)


@pytest.mark.parametrize(
    ("channel", "message"),
    [
        ("events", {"type": "watch", "job_id": "job_1", "after": "1-17"}),
        ("events", {"type": "watch", "job_id": "job_1", "after": None}),
        ("events", {"type": "unwatch", "job_id": "job_1"}),
        ("events", {"type": "ping"}),
        ("analyze", {"type": "analyze", "query": "how many?"}),
        ("analyze", {"type": "analyze", "query": "how many?", "file_base64": "YQox"}),
    ],
)
def test_what_clients_send_is_described(channel: str, message: dict[str, Any]) -> None:
    assert conforms(channel, message)
    assert not conforms(channel, {**message, "job_id": 1, "query": 1, "type": message["type"]}) or message == {
        "type": "ping"
    }
