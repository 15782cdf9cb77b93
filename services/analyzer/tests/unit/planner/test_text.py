"""Questions become tokens, names become words, and words of one meaning get one stem."""

import pytest

from analyzer.planner.text import stem, tokenize, words


def test_quotes_numbers_dates_and_signs_are_tokens_of_their_kind() -> None:
    kinds = [(token.kind, token.text) for token in tokenize('top-3 "All disasters" >= 1,234.5 on 2013-05-01?')]
    assert kinds == [
        ("word", "top"),
        ("symbol", "-"),
        ("number", "3"),
        ("quoted", "All disasters"),
        ("symbol", ">="),
        ("number", "1,234.5"),
        ("word", "on"),
        ("date", "2013-05-01"),
        ("symbol", "?"),
    ]


@pytest.mark.parametrize(
    ("text", "number"),
    [("1 000 000", 1e6), ("1,000", 1000.0), ("8,5", 8.5), ("3.25", 3.25), ("below -5", -5.0)],
)
def test_numbers_are_read_as_people_write_them(text: str, number: float) -> None:
    assert tokenize(text)[-1].number == number


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("temp_max", ["temp", "max"]),
        ("AnnualSalary", ["Annual", "Salary"]),
        ("Unit Price", ["Unit", "Price"]),
        ("Сумма, руб.", ["Сумма", "руб"]),
        ("HTTPStatus", ["HTTP", "Status"]),
    ],
)
def test_names_fall_into_words_in_any_spelling(name: str, parts: list[str]) -> None:
    assert words(name) == parts


@pytest.mark.parametrize(
    ("one", "other"),
    [("countries", "country"), ("квартал", "кварталам"), ("филиал", "филиалов"), ("ёлка", "елки"), ("Sales", "sale")],
)
def test_forms_of_a_word_share_a_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_a_rating_is_no_rate() -> None:
    assert stem("rating") != stem("rate")


def test_names_are_told_by_their_letters() -> None:
    tokens = tokenize("Price of TSLA in Paris and 'other things'")
    assert [token.text for token in tokens if token.is_name] == ["TSLA", "Paris", "other things"]
