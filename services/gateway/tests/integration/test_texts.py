"""Texts: the gateway's side."""

import pytest

from warren.contracts import texts
from warren.queries import QueryServer

from .support import RunningGateway
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


async def test_similar_texts_are_found_with_filters(gateway: RunningGateway, service: TextService) -> None:
    await gateway.http.post("/v1/texts", json=SONG, headers={"Prefer": "wait=10"})

    near = await gateway.http.get(f"{PATH}/similar", params={"language": "en", "topic": "sea", "limit": 3})
    found = await gateway.http.get("/v1/texts/search", params={"q": "stormy sea", "language": "en"})

    assert near.json()["data"][0]["track_id"] == "other"
    assert found.json()["data"][0]["track_id"] == "found"
    assert service.asked[-2:] == [
        texts.FindSimilar(
            owner="local",
            track_id=SONG["track_id"],
            filter=texts.TextFilter(language="en", topic="sea"),
            limit=3,
        ),
        texts.SearchTexts(owner="local", words="stormy sea", filter=texts.TextFilter(language="en")),
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
