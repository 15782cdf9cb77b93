"""Single texts: described, kept once, found again."""

import asyncio
import math
import random

import pytest

from warren.contracts.texts import DeleteText, FindSimilar, GetText, SearchTexts, SimilarTexts, TextFilter
from warren.queries import QueryRefused

from .conftest import Desk

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(300)]

SONGS = {
    "sea": "The waves roll over the harbour\nand sailors sing of the stormy ocean",
    "sea-again": "The waves roll over the harbour\nand sailors dream of the stormy ocean",
    "snow": "Winter covers the mountains with snow\nand children build castles of ice",
    "city": "Neon lights are burning in the crowded streets\nand taxis wait for nobody",
    "море": "Волны бьются о тихую гавань\nи моряки поют про штормовое море",
}


async def test_a_text_is_described_and_kept(desk: Desk) -> None:
    added = await desk.add("sea", SONGS["sea"])

    assert not added.unchanged
    assert added.text.features.language == "en"
    assert added.text.features.lines == 2
    assert added.text.excerpt == SONGS["sea"].replace("\n", " ")
    assert await desk.ask(GetText(owner=desk.owner, track_id="sea")) == added.text


async def test_the_same_text_again_changes_nothing_and_another_takes_its_place(desk: Desk) -> None:
    first = await desk.add("a", SONGS["sea"])
    same = await desk.add("a", SONGS["sea"])
    other = await desk.add("a", SONGS["snow"])

    assert same.unchanged
    assert same.text == first.text
    assert not other.unchanged
    assert other.text.sha256 != first.text.sha256
    assert len(await desk.rows("SELECT 1 FROM analyzer.texts WHERE owner = :owner")) == 1


async def test_a_text_of_an_earlier_model_is_described_again(desk: Desk) -> None:
    await desk.add("a", SONGS["sea"])
    await desk.rows("UPDATE analyzer.texts SET features_version = 0 WHERE owner = :owner RETURNING 1")

    assert not (await desk.add("a", SONGS["sea"])).unchanged
    assert (await desk.add("a", SONGS["sea"])).unchanged


async def test_texts_of_one_id_that_come_at_the_same_time_are_written_in_their_order(desk: Desk) -> None:
    added = await asyncio.gather(*(desk.add("a", f"song number {n}") for n in range(5)))

    assert [one.text.excerpt for one in added] == [f"song number {n}" for n in range(5)]
    assert (await desk.ask(GetText(owner=desk.owner, track_id="a"))).excerpt == "song number 4"


async def test_the_most_similar_texts_come_first(desk: Desk) -> None:
    await desk.add_all(SONGS)

    found = await desk.ask(FindSimilar(owner=desk.owner, track_id="sea", limit=3))
    searched = await desk.ask(SearchTexts(owner=desk.owner, words="snow on the mountains", limit=2))

    assert found.data[0].track_id == "sea-again"
    assert [one.similarity for one in found.data] == sorted((one.similarity for one in found.data), reverse=True)
    assert "sea" not in {one.track_id for one in found.data}
    assert searched.data[0].track_id == "snow"
    assert len(searched.data) == 2


async def test_a_map_places_what_was_found_around_what_was_asked_for(desk: Desk) -> None:
    await desk.add_all(SONGS)

    plain = await desk.ask(FindSimilar(owner=desk.owner, track_id="sea"))
    near = await desk.ask(FindSimilar(owner=desk.owner, track_id="sea", map=True))
    found = await desk.ask(SearchTexts(owner=desk.owner, words="stormy sea", map=True))
    nothing = await desk.ask(SearchTexts(owner="key_of_another", words="stormy sea", map=True))

    def distances(texts: SimilarTexts) -> list[tuple[float, str]]:
        middle = texts.origin
        assert middle is not None
        places = [(one.x, one.y, one.track_id) for one in texts.data if one.x is not None and one.y is not None]
        return sorted((math.hypot(x - middle.x, y - middle.y), name) for x, y, name in places)

    bare = [one.model_copy(update={"x": None, "y": None}) for one in near.data]
    assert [plain.origin, plain.explained, list(plain.data)] == [None, None, bare]
    assert distances(near)[0][1] == "sea-again"
    assert len(distances(found)) == len(SONGS)
    assert 0 < near.explained <= 1
    assert (nothing.data, nothing.origin) == ((), None)


async def test_a_filter_gives_all_that_fit_however_few(desk: Desk) -> None:
    numbers = random.Random(1)
    words = [f"word{n}" for n in range(500)]
    await desk.add_all({f"t{n}": "the " + " ".join(numbers.choices(words, k=60)) for n in range(400)})
    await desk.add_all({f"rare{n}": f"тихая песня номер {word}" for n, word in enumerate(("раз", "два", "три"))})
    async with desk.store.transaction() as connection:
        await connection.exec_driver_sql("ANALYZE analyzer.texts")

    def query(**only: str) -> FindSimilar:
        return FindSimilar(owner=desk.owner, track_id="t1", filter=TextFilter(**only), limit=50)

    russian = await desk.ask(query(language="ru"))
    about = await desk.ask(query(topic="песня"))
    none = await desk.ask(query(language="ru", topic="word1"))
    unfiltered = await desk.ask(query())

    assert {one.track_id for one in russian.data} == {"rare0", "rare1", "rare2"}
    assert {one.track_id for one in about.data} == {"rare0", "rare1", "rare2"}
    assert none.data == ()
    assert len(unfiltered.data) == 50


async def test_nobody_sees_what_another_has(desk: Desk) -> None:
    await desk.add_all(SONGS)

    found = await desk.ask(SearchTexts(owner="key_of_another", words=SONGS["sea"]))

    assert found.data == ()
    for query in (GetText, FindSimilar, DeleteText):
        with pytest.raises(QueryRefused, match="sea") as refused:
            await desk.ask(query(owner="key_of_another", track_id="sea"))
        assert refused.value.code == "text.not_found"


async def test_a_deleted_text_is_gone(desk: Desk) -> None:
    await desk.add_all(SONGS)

    await desk.ask(DeleteText(owner=desk.owner, track_id="sea-again"))

    with pytest.raises(QueryRefused):
        await desk.ask(GetText(owner=desk.owner, track_id="sea-again"))
    found = await desk.ask(FindSimilar(owner=desk.owner, track_id="sea"))
    assert "sea-again" not in {one.track_id for one in found.data}


@pytest.mark.parametrize("text", ["", " \n ", "\x00", "42"], ids=["empty", "blank", "nul", "digits"])
async def test_any_text_can_be_kept(desk: Desk, text: str) -> None:
    await desk.add("other", SONGS["city"])
    added = await desk.add("odd", text)

    assert added.text.features.characters == len(text)
    assert len((await desk.ask(FindSimilar(owner=desk.owner, track_id="other"))).data) <= 1
