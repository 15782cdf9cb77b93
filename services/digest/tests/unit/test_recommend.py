"""What is recommended: never what was read, and always because of something that was said."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from digest.content.recommend import QUOTED, Said, picked, recommend
from warren.contracts.chat import ContentItem, ContentKind

TOPICS = ("running", "cats", "космос")
items = st.builds(
    lambda number, kind, topic: ContentItem(
        id=f"cnt_{number}", kind=kind, topic=topic, title="t", text="x", engine="library", day=date(2026, 1, 2)
    ),
    st.integers(0, 12),
    st.sampled_from(ContentKind),
    st.sampled_from(TOPICS),
)
offers = st.dictionaries(st.sampled_from(TOPICS), st.lists(items, max_size=8))
messages = st.lists(
    st.builds(
        Said,
        st.uuids().map(lambda value: f"job_{value.hex}"),
        st.text(min_size=1, max_size=200),
        st.lists(st.sampled_from(TOPICS), min_size=1, max_size=3, unique=True).map(tuple),
    ),
    max_size=5,
)
read = st.frozensets(st.integers(0, 12).map(lambda number: f"cnt_{number}"))


@given(messages, offers, read, st.integers(1, 10))
def test_what_was_read_never_comes_back(
    said: list[Said], offered: dict[str, list[ContentItem]], read: frozenset[str], limit: int
) -> None:
    chosen = recommend(said, offered, read, limit)
    ids = [one.item.id for one in chosen]
    assert not read & set(ids)
    assert len(ids) == len(set(ids)) <= limit
    assert [one.score for one in chosen] == sorted((one.score for one in chosen), reverse=True)
    everything = [item for of_topic in offered.values() for item in of_topic]
    assert not read & {one.item.id for one in picked(everything, read, limit, said[0] if said else None)}


@given(messages, offers, read)
def test_a_reason_names_a_message_that_is_on_the_items_topic(
    said: list[Said], offered: dict[str, list[ContentItem]], read: frozenset[str]
) -> None:
    by_id = {message.message_id: message for message in said}
    for one in recommend(said, offered, read, 10):
        assert one.message_id is not None
        message = by_id[one.message_id]
        assert any(one.item in offered.get(topic, ()) for topic in message.topics)
        assert one.quoted is not None
        assert len(one.quoted) <= QUOTED
        assert one.quoted in one.reason


def test_what_was_said_last_comes_first_and_kinds_take_turns() -> None:
    def item(number: int, kind: ContentKind, topic: str) -> ContentItem:
        return ContentItem(id=f"cnt_{number}", kind=kind, topic=topic, title="t", text="x", engine="library",
                           day=date(2026, 1, 2))  # fmt: skip

    cats = [item(n, ContentKind.quote, "cats") for n in (1, 2)] + [item(3, ContentKind.article, "cats")]
    old = [item(4, ContentKind.article, "running")]
    said = [Said("job_new", "My cats again", ("cats",)), Said("job_old", "I run", ("running",))]
    chosen = recommend(said, {"cats": cats, "running": old}, frozenset(), 10)
    assert [one.item.id for one in chosen] == ["cnt_3", "cnt_1", "cnt_2", "cnt_4"]
    assert {one.message_id for one in chosen} == {"job_new", "job_old"}
