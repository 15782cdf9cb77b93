"""Vectors lie in segments, which come into being as texts come; a search asks all of them."""

import asyncio

import pytest
import sqlalchemy as sa

from analyzer.cli import MIGRATIONS
from warren import database
from warren.contracts.texts import DeleteText, FindSimilar, SearchTexts, TextFilter
from warren.embedded import EmbeddedPostgres

from .conftest import Desk

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(300)]

SEGMENT = 50_000
MAKE_ROOM = sa.text("SELECT analyzer.make_room(ARRAY[CAST(:id AS bigint)])")
WAITING = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'analyzer.vectors'::regclass"
BEFORE = (
    "INSERT INTO analyzer.texts VALUES ('me', :name, '', 'model', 1, 'en', '{sea}', '{}', 'text', CAST(:e AS halfvec))"
)


async def near_the_end(desk: Desk, left: int) -> None:
    """So many more texts fit into the segment."""
    last = f"(last_value / {SEGMENT} + 1) * {SEGMENT} - {left} - 1"
    await desk.rows(f"SELECT setval('analyzer.text_ids', {last}) FROM analyzer.text_ids")


async def segments(desk: Desk) -> list[int]:
    """How many vectors each segment has."""
    rows = await desk.rows(
        "SELECT count(*) AS vectors FROM analyzer.vectors WHERE owner = :owner GROUP BY tableoid ORDER BY min(id)"
    )
    return [row.vectors for row in rows]


def songs(count: int) -> dict[str, str]:
    return {f"song-{n}": f"song number {n} about the sea and the sky" for n in range(count)}


async def test_a_search_finds_what_lies_in_any_segment(desk: Desk) -> None:
    await near_the_end(desk, 4)
    await desk.add_all(songs(10))
    russian = {f"песня-{n}": f"тихая песня номер {n} про море" for n in range(3)}
    await desk.add_all(russian)
    await near_the_end(desk, 0)
    await desk.add_all({"песня-3": "тихая песня про небо"})

    assert await segments(desk) == [4, 9, 1]
    similar = await desk.ask(FindSimilar(owner=desk.owner, track_id="song-1", limit=20))
    found = await desk.ask(SearchTexts(owner=desk.owner, words="the sea", limit=20))
    only = TextFilter(language="ru")
    filtered = await desk.ask(FindSimilar(owner=desk.owner, track_id="song-1", filter=only, limit=20))
    all_songs, all_russian = set(songs(10)), {*russian, "песня-3"}
    assert {one.track_id for one in similar.data} == (all_songs | all_russian) - {"song-1"}
    assert {one.track_id for one in found.data} == all_songs | all_russian
    assert {one.track_id for one in filtered.data} == all_russian


async def test_who_meets_another_making_the_same_segment_finds_it_made(desk: Desk) -> None:
    await near_the_end(desk, 0)
    number = (await desk.rows("SELECT last_value + 1 AS next FROM analyzer.text_ids"))[0].next

    async def second() -> None:
        async with desk.store.transaction() as connection:
            await connection.execute(MAKE_ROOM, {"id": number})

    async with asyncio.timeout(60), asyncio.TaskGroup() as both, desk.store.transaction() as connection:
        await connection.execute(MAKE_ROOM, {"id": number})
        both.create_task(second())
        while not await desk.rows(WAITING):  # noqa: ASYNC110  PostgreSQL cannot tell
            await asyncio.sleep(0.01)

    await desk.add("first", "the first text of a segment")
    assert await segments(desk) == [1]


async def test_a_text_that_comes_again_keeps_its_place_and_takes_no_number(desk: Desk) -> None:
    await desk.add_all(songs(3))
    before = await desk.rows("SELECT id FROM analyzer.vectors WHERE owner = :owner ORDER BY id")
    numbers = await desk.rows("SELECT last_value FROM analyzer.text_ids")

    await desk.add_all({name: f"{text} and the wind" for name, text in songs(3).items()})

    assert await desk.rows("SELECT id FROM analyzer.vectors WHERE owner = :owner ORDER BY id") == before
    assert await desk.rows("SELECT last_value FROM analyzer.text_ids") == numbers
    found = await desk.ask(SearchTexts(owner=desk.owner, words="wind"))
    assert found.data[0].similarity > 0.1


async def test_a_text_without_content_and_a_deleted_one_leave_no_vector(desk: Desk) -> None:
    await desk.add_all(songs(3))
    await desk.add("song-0", "")
    await desk.ask(DeleteText(owner=desk.owner, track_id="song-1"))

    left = await desk.rows("SELECT track_id FROM analyzer.vectors WHERE owner = :owner")
    assert [row.track_id for row in left] == ["song-2"]
    assert (await desk.ask(FindSimilar(owner=desk.owner, track_id="song-0"))).data == ()


async def test_a_worker_who_may_only_write_rows_makes_segments_too(desk: Desk) -> None:
    role = f"worker_{desk.owner}"
    await near_the_end(desk, 0)
    number = (await desk.rows("SELECT last_value + 1 AS next FROM analyzer.text_ids"))[0].next
    async with desk.store.transaction() as connection:
        await connection.exec_driver_sql(f"CREATE ROLE {role}")
        await connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA analyzer TO {role}")
        await connection.exec_driver_sql(f"GRANT SELECT, INSERT ON analyzer.vectors TO {role}")

    async with desk.store.transaction() as connection:
        await connection.exec_driver_sql(f"SET LOCAL ROLE {role}")
        await connection.execute(MAKE_ROOM, {"id": number})
        values = f"({number}, '{desk.owner}', 'a', 'm', NULL, '{{}}', '[1,2]')"
        await connection.exec_driver_sql(f"INSERT INTO analyzer.vectors VALUES {values}")

    assert await segments(desk) == [1]


async def test_vectors_of_earlier_releases_are_taken_along(postgres: EmbeddedPostgres) -> None:
    url = postgres.create_database("earlier_texts")
    await asyncio.to_thread(database.migrate, url, MIGRATIONS, "0002")
    async with database.connect(url, "test") as store:
        async with store.transaction() as connection:
            for name, embedding in (("a", "[1,2]"), ("b", None), ("c", "[3,4]")):
                await connection.execute(sa.text(BEFORE), {"name": name, "e": embedding})
        await asyncio.to_thread(database.migrate, url, MIGRATIONS)
        async with store.transaction() as connection:
            found = await connection.exec_driver_sql(
                "SELECT track_id, vectors.model, language, topics, embedding::text FROM analyzer.texts"
                " LEFT JOIN analyzer.vectors USING (id, owner, track_id) ORDER BY track_id"
            )
            assert [tuple(row) for row in found] == [
                ("a", "model", "en", ["sea"], "[1,2]"),
                ("b", None, None, None, None),
                ("c", "model", "en", ["sea"], "[3,4]"),
            ]
