"""Texts: the gateway's side."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from warren.contracts import texts
from warren.queries import QueryServer

from .conftest import StartGateway
from .support import SECONDS, RunningGateway
from .texts import TextService

SONG = {"track_id": "song 17 é", "text": "The waves roll"}
PATH = "/v1/texts/song%2017%20%C3%A9"


@pytest.fixture
async def service(gateway: RunningGateway) -> TextService:
    made = TextService(gateway)
    gateway.parts.broker.consume(made.listen)
    QueryServer(gateway.parts.broker, "analyzer", made.handlers()).start()
    return made


async def test_a_text_is_a_job_and_then_a_record(gateway: RunningGateway, service: TextService) -> None:
    headers = {"Idempotency-Key": "song", "Prefer": "wait=10"}
    said = await gateway.http.post("/v1/texts", json=SONG, headers=headers)
    again = await gateway.http.post("/v1/texts", json=SONG, headers=headers)
    job = said.json()

    assert (said.status_code, job["kind"], job["result"]["track_id"]) == (200, "analyzer.text", SONG["track_id"])
    assert again.json()["id"] == job["id"]
    assert job["input"]["track_id"] == SONG["track_id"]
    assert service.jobs[job["id"]] == {**SONG, "owner": "local"}
    assert (await gateway.http.get(PATH)).json()["excerpt"] == SONG["text"]
    assert (await gateway.http.delete(PATH)).status_code == 204
    gone = await gateway.http.get(PATH)
    assert (gone.status_code, gone.json()["code"]) == (404, "text.not_found")


async def test_a_language_model_is_asked_only_on_request(gateway: RunningGateway, service: TextService) -> None:
    wait = {"Prefer": "wait=10"}
    said = (await gateway.http.post("/v1/texts", json={**SONG, "llm": True}, headers=wait)).json()
    line, lines = b'{"track_id": "a", "text": "la"}\n', {"Content-Type": "application/x-ndjson", **wait}
    loaded = (await gateway.http.post("/v1/texts/batch?llm=true", content=line, headers=lines)).json()
    plain = (await gateway.http.post("/v1/texts/batch", content=line, headers=lines)).json()

    assert (said["kind"], said["status"]) == ("analyzer.text_llm", "completed")
    assert service.jobs[said["id"]] == {**SONG, "owner": "local"}
    assert (loaded["kind"], service.jobs[loaded["id"]]["llm"]) == ("analyzer.text_batch", True)
    assert service.jobs[plain["id"]]["llm"] is False


async def test_similar_texts_are_found_with_filters(gateway: RunningGateway, service: TextService) -> None:
    await gateway.http.post("/v1/texts", json=SONG, headers={"Prefer": "wait=10"})

    near = await gateway.http.get(f"{PATH}/similar", params={"language": "en", "topic": "sea", "limit": 3})
    found = await gateway.http.get("/v1/texts/search", params={"q": "stormy sea", "language": "en", "map": "true"})

    assert near.json()["data"][0]["track_id"] == "other"
    assert near.json()["origin"] is None
    assert found.json()["data"][0]["track_id"] == "found"
    assert (found.json()["data"][0]["x"], found.json()["origin"]) == (0.5, {"x": -1, "y": 0})
    assert service.asked[-2:] == [
        texts.FindSimilar(
            owner="local",
            track_id=SONG["track_id"],
            filter=texts.TextFilter(language="en", topic="sea"),
            limit=3,
        ),
        texts.SearchTexts(owner="local", words="stormy sea", filter=texts.TextFilter(language="en"), map=True),
    ]


@pytest.mark.parametrize(
    "text",
    [
        {},
        {"track_id": "a"},
        {"track_id": "a", "text": ""},
        {"track_id": "a/b", "text": "x"},
        {"track_id": 1, "text": "x"},
        {"track_id": "a", "text": "\x00"},
    ],
)
async def test_what_is_no_text_is_refused(gateway: RunningGateway, text: dict[str, object]) -> None:
    refused = await gateway.http.post("/v1/texts", json=text)

    assert (refused.status_code, refused.json()["code"]) == (422, "request.invalid")


@pytest.mark.parametrize("track_id", ["7", 7])
async def test_earlier_clients_give_texts_as_before(
    gateway: RunningGateway, service: TextService, track_id: str | int
) -> None:
    accepted = await gateway.http.post("/analyze", json={"track_id": track_id, "text": "La la la"})
    task = accepted.json()

    assert accepted.status_code == 200
    assert task == {"task_id": task["task_id"], "status": "queued"}
    assert (await gateway.http.ended(task["task_id"]))["result"]["track_id"] == "7"
    assert service.jobs[task["task_id"]]["text"] == "La la la"


@pytest.mark.parametrize(
    ("kind", "data"),
    [("application/x-ndjson", b'{"track_id": "a", "text": "la"}'), ("text/csv", b"track_id,text\na,la")],
)
async def test_a_file_of_texts_streams_to_the_store(
    gateway: RunningGateway, service: TextService, kind: str, data: bytes
) -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield data + b" " * 100_000

    headers = {"Content-Type": kind, "Prefer": "wait=10", "Idempotency-Key": kind}
    done = await gateway.http.post("/v1/texts/batch", params={"name": "../songs"}, content=body(), headers=headers)
    again = await gateway.http.post("/v1/texts/batch", content=body(), headers=headers)
    job = done.json()
    file = service.jobs[job["id"]]["file"]

    assert (done.status_code, job["kind"], job["result"]["stored"]) == (200, "analyzer.text_batch", 1)
    assert job["input"]["file"]["name"] == "songs"
    assert file["size"] == 40 * (len(data) + 100_000)
    assert len(await gateway.parts.blobs.get(file["blob"])) == file["size"]
    assert again.json()["id"] == job["id"]
    assert gateway.blobs("files") == [file["file_id"]]  # what came again is not kept


async def test_what_is_no_file_of_texts_is_refused(start_gateway: StartGateway) -> None:
    async with start_gateway(max_batch_bytes=2_000_000) as gateway:

        async def refused(data: bytes, kind: str = "text/csv", **headers: str) -> tuple[int, str]:
            answer = await gateway.http.post("/v1/texts/batch", content=data, headers={"Content-Type": kind, **headers})
            return answer.status_code, answer.json()["code"]

        assert await refused(b"") == (422, "file.empty")
        assert await refused(b"x", "application/json") == (415, "request.media_type")
        assert await refused(b"x" * 2_000_001) == (413, "file.too_large")
        assert gateway.blobs("files") == []


async def test_a_promise_of_ten_gigabytes_is_refused_before_any_of_them(gateway: RunningGateway) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    head = ("POST /v1/texts/batch HTTP/1.1", "Host: localhost", "Content-Type: text/csv", f"Content-Length: {10 << 30}")
    writer.write("\r\n".join((*head, "", "")).encode())
    async with asyncio.timeout(SECONDS):
        answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()

    assert answer.startswith(b"HTTP/1.1 413")
