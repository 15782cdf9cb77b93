"""What deploy/compose/backup.sh keeps of a running suite, restore.sh gives to an empty one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from .conftest import Compose, client, ended

TEXTS = {
    "kept-train": "The night train leaves the old station and its lamps shine along the rails",
    "kept-train-again": "The night train leaves the old station and its whistle sounds along the rails",
    "kept-bread": "The baker kneads the dough before sunrise and sells warm bread to the village",
}
POSTS = ("The football team won the cup final.", "The striker will play football for the rival club.")
TABLE = {"file": ("t.csv", "city,amount\nLyon,1\nTurin,10\n")}
WAIT, LATER = {"Prefer": "wait=60"}, {"Prefer": "respond-async"}

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture
def elsewhere(compose: Compose) -> Iterator[Compose]:
    """The same suite without any data, on other ports: a new machine. Nothing of it is left."""
    ports = {"WARREN_PORT": "0", "RABBITMQ_MANAGEMENT_PORT": "0"}
    made = Compose({**compose.variables, **ports, "COMPOSE_PROJECT_NAME": "warren-elsewhere"})
    made("down", "--volumes")
    try:
        yield made
    finally:
        made("down", "--volumes")


async def test_an_empty_suite_gets_all_that_was_kept(compose: Compose, elsewhere: Compose, tmp_path: Path) -> None:
    async with client(compose.url) as http:
        places = await _filled(http)
        key = compose("exec", "-T", "gateway", "gateway", "keys", "create", "kept").split()[0]
        compose("stop", "analyzer-worker")
        try:
            answer = await http.post("/v1/analyses", headers=LATER, files=TABLE, data={"question": "total amount"})
            waiting = answer.json()["id"]
            compose.run("deploy/compose/backup.sh", str(tmp_path))
        finally:
            compose.up("--no-deps", "analyzer-worker")
        before = {place: await _shown(http, place) for place in places}
        keys = compose("exec", "-T", "gateway", "gateway", "keys", "list")

    elsewhere.run("deploy/compose/restore.sh", str(tmp_path))

    async with client(elsewhere.url) as http:
        assert {place: await _shown(http, place) for place in places} == before
        assert await ended(http, waiting) == "completed"
        again = await http.post("/v1/texts", headers=WAIT, json={"track_id": "kept-train", "text": TEXTS["kept-train"]})
        assert again.json()["result"]["unchanged"] is True, again.text
    assert elsewhere("exec", "-T", "gateway", "gateway", "keys", "list") == keys
    assert key in keys


async def _filled(http: httpx2.AsyncClient) -> list[str]:
    """Has every kind of thing kept; addresses at which they are seen."""
    job = await _done(http, "/v1/analyses", files=TABLE, data={"question": "plot total amount by city"})
    artifacts = (await http.get(f"/v1/jobs/{job['id']}/artifacts")).json()["data"]
    assert artifacts
    lines = "".join(json.dumps({"track_id": name, "text": text}) + "\n" for name, text in TEXTS.items())
    ndjson = {"Content-Type": "application/x-ndjson"}
    batch = await _done(http, "/v1/texts/batch?name=texts", headers=ndjson, content=lines + "no JSON\n")
    channel = (await http.post("/v1/channels", json={"name": "Kept"})).json()["id"]
    posts = "".join(json.dumps({"external_id": text, "text": text}) + "\n" for text in POSTS)
    assert (await http.post(f"/v1/posts?channel_id={channel}", headers=ndjson, content=posts)).status_code < 300
    spec = {"name": "Kept", "channels": [channel], "categories": [{"name": "Football"}]}
    bot = (await http.post("/v1/bots", json=spec)).json()["id"]
    run = await _done(http, f"/v1/bots/{bot}/runs")
    return [
        f"/v1/jobs/{job['id']}", f"/v1/jobs/{job['id']}/events", f"/v1/files/{job['input']['file']['id']}",
        *(artifact["url"] for artifact in artifacts),
        f"/v1/jobs/{batch['id']}/artifacts/errors.ndjson", "/v1/texts/kept-train", "/v1/texts/kept-train/similar",
        f"/v1/posts?channel_id={channel}", f"/v1/bots/{bot}", f"/v1/digests/{run['result']['digest_id']}",
    ]  # fmt: skip


async def _done(http: httpx2.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    """The job that a call makes, ended well."""
    headers = WAIT | body.pop("headers", {})
    job: dict[str, Any] = (await http.post(path, headers=headers, **body)).json()
    assert await ended(http, job["id"]) == "completed", job
    found: dict[str, Any] = (await http.get(f"/v1/jobs/{job['id']}")).json()
    return found


async def _shown(http: httpx2.AsyncClient, place: str) -> bytes:
    answer = await http.get(place)
    assert answer.status_code == 200, f"{place}: {answer.text}"
    return answer.content
