"""Topics of messages, which of them mean the same, and what the library has on them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.content.library import Library
from digest.content.shelf import Shelf
from digest.topics.extract import find_topics, key_of, language_of
from digest.topics.merging import merges, same_as
from warren.contracts.chat import LONGEST_TOPIC, ContentKind

LIBRARY = Library.load()


@pytest.mark.parametrize(
    ("message", "topic"),
    [
        ("I want to start running but I don't know how", "running"),
        ("What do you think about quantum computing?", "quantum computing"),
        ("Tell me about machine learning. Machine learning is hard", "machine learning"),
        ("What's the weather like in New York?", "New York"),
        ("Any tips for feeding cats? <b>Cats</b> https://cats.example", "feeding cats"),
        ("Расскажи мне про историю Древнего Рима", "история древнего рима"),
        ("Хочу больше узнать о нейросетях", "нейросети"),
        ("Как варить борщ?", "борщ"),
        ("Посоветуй беговую тренировку", "беговая тренировка"),
    ],
)
def test_the_topic_is_what_the_message_is_about(message: str, topic: str) -> None:
    assert find_topics(message)[0].lower() == topic.lower()


@pytest.mark.parametrize(
    "message", ["ok thanks!", "Hello there", "спасибо", "Привет!", "🙂", "https://x.example", "1 2 3", "?"]
)
def test_small_talk_is_about_nothing(message: str) -> None:
    assert find_topics(message) == ()


@given(st.text(max_size=500))
def test_any_text_gives_a_few_short_topics(text: str) -> None:
    topics = find_topics(text)
    assert len(topics) <= 3
    assert all(0 < len(topic) <= LONGEST_TOPIC for topic in topics)
    assert len({key_of(topic) for topic in topics}) == len(topics)


def test_the_language_is_that_of_most_letters() -> None:
    assert [language_of(text) for text in ("hello", "привет, world wide", "привет мир, ok", "")] == [
        "en",
        "en",
        "ru",
        "en",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("machine learning", "Learning Machines"),
        ("color photography", "colour photography"),
        ("jogging", "running"),
        ("running", "бег"),
        ("астрономия", "astronomy"),
    ],
)
def test_topics_that_mean_the_same_are_one(one: str, other: str) -> None:
    shelf = Shelf(LIBRARY)
    assert same_as(shelf.key(one), [shelf.key("other things"), shelf.key(other)]) == shelf.key(other)


@pytest.mark.parametrize(("one", "other"), [("spain", "spin"), ("creation", "reaction"), ("running", "running shoes")])
def test_topics_that_only_look_alike_are_two(one: str, other: str) -> None:
    shelf = Shelf(LIBRARY)
    assert same_as(shelf.key(one), [shelf.key(other)]) is None


def test_the_more_popular_spelling_takes_the_other_in() -> None:
    assert merges(["colour photographi", "spain", "color photographi"]) == {"color photographi": "colour photographi"}


def test_every_theme_has_something_of_each_kind_in_both_languages() -> None:
    day = date(2026, 1, 2)
    for theme in LIBRARY.themes:
        for language in ("en", "ru"):
            for kind in ContentKind:
                items = theme.content(theme.id, day, kind, language)
                assert items, (theme.id, language, kind)
                assert {item.language for item in items} == {language}


def test_quotes_have_authors_and_sources_and_nothing_has_an_address() -> None:
    day = date(2026, 1, 2)
    items = [item for theme in LIBRARY.themes for kind in ContentKind for item in theme.content("x", day, kind)]
    assert len({item.id for item in items}) == len(LIBRARY.ids) > 100
    assert all(item.author and item.source for item in items if item.kind is ContentKind.quote)
    assert all(item.search for item in items if item.kind is ContentKind.video)
    assert all(item.url is None and "http" not in item.text for item in items)


def test_the_themes_of_the_day_change() -> None:
    chosen = [tuple(theme.id for theme in LIBRARY.of_the_day(date(2026, 1, day))) for day in (1, 2, 3)]
    assert len(set(chosen)) == 3
