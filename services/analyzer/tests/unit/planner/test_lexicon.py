"""Every language is complete, and says the same things."""

import re
import tomllib
from importlib.resources import files
from typing import Any

import pytest

from analyzer.planner.lexicon import LANGUAGES, lexicon

TABLES: dict[str, dict[str, Any]] = {
    code: tomllib.loads((files("analyzer.planner") / "languages" / f"{code}.toml").read_text(encoding="utf-8"))
    for code in LANGUAGES
}
OTHERS = [code for code in LANGUAGES if code != "en"]


def _keys(table: dict[str, Any]) -> set[str]:
    return {f"{name}.{key}" for name, value in table.items() if isinstance(value, dict) for key in value}


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize("part", ["words", "suffixes", "adjectives", "codes", "concepts", "phrases"])
def test_language_has_every_entry(code: str, part: str) -> None:
    assert TABLES[code][part].keys() == TABLES["en"][part].keys()


@pytest.mark.parametrize("code", OTHERS)
def test_language_has_every_cue(code: str) -> None:
    assert _keys(TABLES[code]["cue"]) == _keys(TABLES["en"]["cue"])


@pytest.mark.parametrize("code", OTHERS)
def test_sentences_have_the_same_places(code: str) -> None:
    for name, sentence in TABLES["en"]["phrases"].items():
        places = set(re.findall(r"{\w+}", sentence))
        assert set(re.findall(r"{\w+}", TABLES[code]["phrases"][name])) <= places, name


def test_concepts_are_defined_where_they_are_used() -> None:
    known = set(TABLES["en"]["concepts"])
    about = lexicon().about
    used = about.modifiers | about.entities | about.times | about.values | about.totals | about.bad | about.places
    used |= about.countable | about.names | about.events | set(about.amounts) | set(about.amounts.values())
    used |= {concept for adjective in lexicon().adjectives.values() for concept in adjective.concepts}
    assert used <= known


def test_calendar_is_complete() -> None:
    assert set(lexicon().months.values()) == set(range(1, 13))
    assert set(lexicon().weekdays.values()) == set(range(7))
    assert set(lexicon().seasons.values()) == set(range(4))
