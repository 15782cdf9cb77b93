"""`Idempotency-Key`: repeating a POST is safe."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gateway.models import files, idempotency_keys, jobs, sessions

from .support import CSV, RunningGateway


async def count(gateway: RunningGateway, table: sa.Table) -> int:
    [row] = await gateway.rows(sa.select(sa.func.count()).select_from(table))
    return int(row[0])


async def test_the_same_request_again_gets_the_first_answer_and_does_nothing(gateway: RunningGateway) -> None:
    headers = {"Idempotency-Key": "once"}
    first = await gateway.http.post_question("how many?", CSV, headers)
    again = await gateway.http.post_question("how many?", CSV, headers)

    assert again.status_code == first.status_code == 202
    assert again.json() == first.json()
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert await count(gateway, jobs) == 1
    assert await count(gateway, files) == 1


async def test_the_file_of_a_repeated_request_is_not_kept_twice(gateway: RunningGateway) -> None:
    for _ in range(3):
        await gateway.http.post_question("how many?", CSV, {"Idempotency-Key": "once"})

    assert len(gateway.blobs("files")) == 1


async def test_a_repeated_request_may_wait_for_the_first_ones_job(gateway: RunningGateway) -> None:
    first = await gateway.http.post_question("how many?", CSV, {"Idempotency-Key": "once"})
    await gateway.run(first.json()["id"]).finish()
    again = await gateway.http.post_question("how many?", CSV, {"Idempotency-Key": "once", "Prefer": "wait=10"})

    assert again.status_code == 200
    assert again.json()["id"] == first.json()["id"]
    assert again.json()["status"] == "completed"
    assert again.headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    "other",
    [{"question": "another question"}, {"file": b"city\nRome\n"}, {"engine": "local"}],
    ids=["question", "file", "engine"],
)
async def test_another_request_under_the_same_key_is_422(gateway: RunningGateway, other: dict[str, Any]) -> None:
    given: dict[str, Any] = {"question": "how many?", "file": CSV}
    headers = {"Idempotency-Key": "once"}
    await gateway.http.post_question(**given, headers=headers)
    response = await gateway.http.post_question(**{**given, **other}, headers=headers)

    assert response.status_code == 422
    assert response.json()["code"] == "idempotency_key.reused"
    assert await count(gateway, jobs) == 1


async def test_another_path_under_the_same_key_is_422(gateway: RunningGateway) -> None:
    headers = {"Idempotency-Key": "once"}
    await gateway.http.post("/v1/sessions", headers=headers)
    response = await gateway.http.post("/v1/files", files={"file": ("a.csv", CSV)}, headers=headers)

    assert response.status_code == 422
    assert gateway.blobs("files") == []


async def test_a_request_whose_first_is_in_flight_is_409(gateway: RunningGateway) -> None:
    headers = {"Idempotency-Key": "once"}
    first = await gateway.http.post("/v1/sessions", headers=headers)
    assert first.status_code == 201
    await gateway.rows(sa.update(idempotency_keys).values(status=None))
    response = await gateway.http.post("/v1/sessions", headers=headers)

    assert response.status_code == 409
    assert response.json()["code"] == "idempotency_key.in_flight"
    assert response.headers["Retry-After"] == "1"


async def test_of_many_at_once_one_creates_and_all_agree(gateway: RunningGateway) -> None:
    headers = {"Idempotency-Key": "once"}
    responses = await asyncio.gather(*(gateway.http.post("/v1/sessions", headers=headers) for _ in range(10)))

    assert {response.status_code for response in responses} <= {201, 409}
    assert len({response.json()["id"] for response in responses if response.status_code == 201}) == 1
    assert await count(gateway, sessions) == 1


async def test_a_request_that_failed_releases_its_key(gateway: RunningGateway) -> None:
    headers = {"Idempotency-Key": "once"}
    failed = await gateway.http.post_question("how many?", None, headers)
    repaired = await gateway.http.post_question("how many?", CSV, headers)

    assert failed.json()["code"] == "file.missing"
    assert repaired.status_code == 202


async def test_a_key_whose_process_died_in_flight_may_be_used_again(gateway: RunningGateway) -> None:
    long_ago = sa.func.now() - sa.text("interval '10 minutes'")
    await gateway.rows(
        insert(idempotency_keys).values(
            key_id="local", idempotency_key="once", fingerprint="of the dead one", created_at=long_ago
        )
    )
    response = await gateway.http.post("/v1/sessions", headers={"Idempotency-Key": "once"})

    assert response.status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_that_is_empty_or_too_long_is_422(gateway: RunningGateway, key: str) -> None:
    response = await gateway.http.post("/v1/sessions", headers={"Idempotency-Key": key})

    assert response.status_code == 422
    assert response.json()["code"] == "idempotency_key.invalid"


async def test_without_a_key_every_request_creates(gateway: RunningGateway) -> None:
    ids = {(await gateway.http.post("/v1/sessions")).json()["id"] for _ in range(3)}

    assert len(ids) == 3
