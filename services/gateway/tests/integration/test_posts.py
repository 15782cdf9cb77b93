"""Posts in bulk, digests in their formats, and what the gateway says when nobody answers."""

import asyncio
import json
from typing import Any

import pytest

from gateway import asking, posts
from warren.broker import Broker
from warren.contracts import digest_queries as queries
from warren.queries import QueryServer

from .digests import DigestService
from .support import RunningGateway, until

LINES = {"Content-Type": "application/x-ndjson"}


async def create_channel(gateway: RunningGateway) -> str:
    channel: str = (await gateway.http.post("/v1/channels", json={"name": "Pushed"})).json()["id"]
    return channel


def lines(*items: Any) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in items)


async def test_ten_thousand_posts_come_in_one_call(gateway: RunningGateway, digests: DigestService) -> None:
    channel = await create_channel(gateway)
    body = lines(*({"external_id": str(n), "title": f"Post {n}", "text": "words " * 50} for n in range(10_000)))
    assert len(body) > 3_000_000
    report = (await gateway.http.post(f"/v1/posts?channel_id={channel}", content=body, headers=LINES)).json()

    assert (report["added"], report["duplicates"], report["rejected"]) == (10_000, 0, 0)
    assert [told["line"] for told in report["results"]] == list(range(1, 10_001))
    assert {told["id"] for told in report["results"]} == {post.id for post in digests.posts.values()}
    assert all(len(query.posts) <= queries.POSTS_PER_MESSAGE for query in digests.of(queries.AddPosts))


async def test_each_line_that_does_not_fit_is_told(gateway: RunningGateway, digests: DigestService) -> None:
    channel = await create_channel(gateway)
    body = b"\n".join(
        [
            b'{"external_id": "1", "text": "good"}',
            b"{broken",
            b"",
            b'{"external_id": "1", "text": "the same again"}',
            b'["a", "list"]',
            b'{"text": "", "title": ""}',
            b'{"text": "a\\u0000b"}',
            b'{"text": "%s"}' % (b"x" * posts.MAX_LINE_BYTES),
            b'{"text": "last", "published_at": "2026-01-02T03:04:05Z"}',
        ]
    )
    report = (await gateway.http.post(f"/v1/posts?channel_id={channel}", content=body, headers=LINES)).json()
    told = {one["line"]: (one["status"], one["code"]) for one in report["results"]}

    assert told == {
        1: ("added", ""),
        2: ("rejected", "post.invalid"),
        4: ("duplicate", ""),
        5: ("rejected", "post.invalid"),
        6: ("rejected", "post.empty"),
        7: ("rejected", "post.invalid"),
        8: ("rejected", "post.too_long"),
        9: ("added", ""),
    }
    assert (report["added"], report["duplicates"], report["rejected"]) == (2, 1, 5)
    assert len(digests.posts) == 2


async def test_a_few_posts_come_as_one_document(gateway: RunningGateway, digests: DigestService) -> None:
    path = f"/v1/posts?channel_id={await create_channel(gateway)}"
    report = (await gateway.http.post(path, json={"posts": [{"text": "one"}, {}, {"title": "three"}]})).json()
    wrong = await gateway.http.post(path, json={"posts": [{"text": "four"}, {"text": 5}]})

    assert [(one["line"], one["status"]) for one in report["results"]] == [(1, "added"), (2, "rejected"), (3, "added")]
    assert sorted(post.text or post.title for post in digests.posts.values()) == ["one", "three"]
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/posts/1/text")


async def test_a_body_that_is_none_is_refused(
    gateway: RunningGateway, digests: DigestService, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/v1/posts?channel_id={await create_channel(gateway)}"
    empty = await gateway.http.post(path, content=b"\n\n", headers=LINES)
    text = await gateway.http.post(path, content=b"{}", headers={"Content-Type": "text/plain"})
    nowhere = await gateway.http.post("/v1/posts?channel_id=chn_none", content=lines({"text": "one"}), headers=LINES)
    monkeypatch.setattr(posts, "MAX_POSTS", 2)
    many = await gateway.http.post(path, content=lines(*({"text": str(n)} for n in range(3))), headers=LINES)

    assert (empty.status_code, empty.json()["code"]) == (422, "request.invalid")
    assert (text.status_code, text.json()["code"]) == (415, "request.media_type")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "channel.not_found")
    assert (many.status_code, many.json()["code"]) == (413, "posts.too_many")
    assert len(digests.posts) == 2


async def test_posts_are_listed_read_explained_and_deleted(gateway: RunningGateway, digests: DigestService) -> None:
    channel = await create_channel(gateway)
    await gateway.http.post(f"/v1/posts?channel_id={channel}", json={"posts": [{"text": "one"}, {"text": "two"}]})
    bot = (await gateway.http.post("/v1/bots", json={"name": "B", "categories": [{"name": "World"}]})).json()
    page = (await gateway.http.get(f"/v1/posts?bot_id={bot['id']}&state=unprocessed&limit=1")).json()
    path = f"/v1/posts/{page['data'][0]['id']}"
    read = (await gateway.http.get(path)).json()
    fate = (await gateway.http.get(f"{path}/fate?bot_id={bot['id']}")).json()
    deleted = await gateway.http.delete(path)

    assert (page["has_more"], digests.of(queries.ListPosts)[0].state) == (True, "unprocessed")
    assert read == page["data"][0]
    assert (fate["state"], fate["reason"]) == ("dropped", "No category fits.")
    assert (deleted.status_code, (await gateway.http.get(path)).status_code) == (204, 404)


async def test_a_digest_comes_as_json_markdown_or_html(gateway: RunningGateway, digests: DigestService) -> None:
    made = digests.add_digest()
    path = f"/v1/digests/{made.id}"

    async def shown(suffix: str = "", accept: str = "*/*") -> tuple[str, str]:
        response = await gateway.http.get(f"{path}{suffix}", headers={"Accept": accept})
        assert response.status_code == 200
        return response.headers["Content-Type"].partition(";")[0], response.text

    listed = (await gateway.http.get("/v1/digests?bot_id=bot_1")).json()
    page = await gateway.http.get(f"{path}.html")

    assert (await gateway.http.get(path)).json() == made.model_dump(mode="json")
    assert [item["id"] for item in listed["data"]] == [made.id]
    assert await shown(".json") == await shown() == await shown(accept="application/json, text/html")
    assert await shown(".md") == await shown(accept="text/markdown") == ("text/markdown", "# Two stories\n")
    assert (await shown(".html"))[0] == (await shown(accept="text/html,*/*;q=0.5"))[0] == "text/html"
    assert page.headers["Content-Security-Policy"].startswith("sandbox;")
    assert (await gateway.http.get("/v1/digests/dig_none.md")).status_code == 404


async def test_a_digest_is_made_again_and_deleted(gateway: RunningGateway, digests: DigestService) -> None:
    path = f"/v1/digests/{digests.add_digest().id}"
    rerun = await gateway.http.post(f"{path}/reruns", json={"prompt_version": 1}, headers={"Prefer": "wait=10"})
    deleted = await gateway.http.delete(path)
    gone = await gateway.http.post(f"{path}/reruns")

    assert (rerun.status_code, rerun.json()["kind"]) == (200, "digest.rerun")
    assert digests.jobs[rerun.json()["id"]]["prompt_version"] == 1
    assert (deleted.status_code, gone.status_code) == (204, 404)


async def test_who_asks_in_vain_is_told_when_to_come_back(
    gateway: RunningGateway, gateway_vhost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "ASK_SECONDS", 0.05)
    silent = await gateway.http.get("/v1/bots/bot_1")

    async def fail(_query: queries.ListBots) -> Any:
        raise ZeroDivisionError

    async with Broker(gateway_vhost, "digest") as broker:
        await broker.ready()
        QueryServer(broker, "digest", {queries.ListBots: fail}).start()
        monkeypatch.setattr(asking, "ASK_SECONDS", 5.0)
        broken = await gateway.http.get("/v1/bots")

    assert (silent.status_code, silent.json()["code"]) == (503, "service.unavailable")
    assert (broken.status_code, broken.json()["code"]) == (503, "service.failed")
    assert int(silent.headers["Retry-After"]) > 0
    assert int(broken.headers["Retry-After"]) > 0


async def test_who_leaves_while_sending_is_no_error_of_ours(gateway: RunningGateway) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    head = "POST /v1/posts?channel_id=chn_1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
    writer.write(f"{head}Content-Length: 1000\r\n\r\n".encode() + lines({"text": "one"}))
    await writer.drain()
    writer.close()

    async def counted() -> bool:
        metrics = (await gateway.http.get("/metrics")).text
        assert 'route="/v1/posts",status="500"' not in metrics
        return 'route="/v1/posts",status="499"' in metrics

    await until(counted)
