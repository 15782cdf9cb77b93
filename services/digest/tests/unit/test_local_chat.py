"""The reply without a model."""

from datetime import date

import pytest

from digest.chat.local import Material, reply
from digest.content.library import Library
from digest.content.shelf import Shelf

SHELF = Shelf(Library.load())
THEMES = ("running", "sleep")


def material(topic: str | None, *, carried: bool = False) -> Material:
    items = SHELF.from_library(topic, date(2026, 1, 2)) if topic else []
    return Material(topic, items, THEMES, carried)


def test_a_message_with_a_topic_gets_something_to_read_and_no_pretence() -> None:
    said = reply("I want to start running", material("running"))
    assert "Here is something on running." in said
    assert "Your first four weeks of running" in said
    assert "Search for “easy running form for beginners”" in said
    assert "without a language model" in said


def test_a_russian_message_gets_a_russian_reply() -> None:
    said = reply("Хочу начать бегать", material("бег"))
    assert "Вот что есть на тему «бег»." in said
    assert "Первые четыре недели бега" in said


@pytest.mark.parametrize(
    ("message", "beginning"),
    [("Hi!", "Hello!"), ("Привет", "Здравствуйте!"), ("ok, thanks", "You are welcome."), ("спасибо", "Пожалуйста.")],
)
def test_small_talk_is_answered_and_does_not_drag_the_topic_along(message: str, beginning: str) -> None:
    assert reply(message, material("running", carried=True)).startswith(beginning)


def test_a_message_without_a_topic_goes_on_with_the_earlier_one() -> None:
    assert reply("And what else?", material("running", carried=True)).startswith("We were on running")


def test_a_greeting_before_a_question_stays_short() -> None:
    said = reply("Привет! Как лучше спать?", material("сон"))
    assert said.startswith("Здравствуйте!\n\nВот что есть на тему «сон».")
    assert "«Счастливые часов не наблюдают.» — А. С. Грибоедов" in said


def test_who_asks_what_it_can_do_is_told() -> None:
    assert "running, sleep" in reply("What can you do?", material(None))
    assert "cannot hold a real conversation" in reply("who are you", material("running"))


def test_a_topic_nobody_wrote_on_is_admitted() -> None:
    assert reply("blockchain", material(None)) == "I have nothing on that yet. I know something about running, sleep."
