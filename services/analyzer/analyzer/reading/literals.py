"""How one cell looks: as a value, or as a word that could be a heading. For judging samples, not for converting."""

import re
from typing import Final, Literal

_WRITTEN_BY_PROGRAMS = ("NA", "N/A", "n/a", "na", "#N/A", "#N/A N/A", "#NA", "<NA>", "NaN", "nan", "-nan", "nil", "\\N")
_WRITTEN_BY_DATABASES = ("NULL", "null", "Null", "(null)", "None", "none", "NONE", "(blank)", "(empty)")
_WRITTEN_BY_SPREADSHEETS = ("#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "(пусто)")
_WRITTEN_BY_PEOPLE = ("", "-", "--", "---", "—", "–", "?", ".", "..", "…", "no data", "No data")
_IN_RUSSIAN = ("пусто", "Пусто", "н/д", "Н/Д", "нд", "н.д.", "н/п", "нет данных", "Нет данных")
MISSING: Final = frozenset(
    _WRITTEN_BY_PROGRAMS + _WRITTEN_BY_DATABASES + _WRITTEN_BY_SPREADSHEETS + _WRITTEN_BY_PEOPLE + _IN_RUSSIAN
)
"""What people and programs write where there is no value."""

TRUTHS: Final = (
    ("true", "false"),
    ("yes", "no"),
    ("y", "n"),
    ("t", "f"),
    ("да", "нет"),
    ("истина", "ложь"),
)
"""Pairs of words for true and false, in lower case."""

_WORDS: Final = frozenset(word for pair in TRUTHS for word in pair)

CURRENCY: Final = (
    r"US\$|R\$|[$€£¥₽₴₸₹₩₪₫₺₦₱฿₿]|USD|EUR|GBP|RUB|RUR|CHF|JPY|CNY|UAH|KZT|PLN|CZK|SEK|NOK|DKK|INR|BRL|CAD|AUD"
    r"|руб(?:лей|ля|ль)?\.?|р\.?|грн\.?|тг|zł|Kč|kr\.?"
)
"""Regular expression, without regard to case."""

_NUMBER: Final = re.compile(
    rf"\(?\s*[+\-−–]?\s*(?:{CURRENCY})?\s*[+\-−–]?\d[\d.,\s'’]*(?:[eE][+-]?\d+)?\s*(?:{CURRENCY}|%|‰)?\s*\)?",
    re.IGNORECASE,
)
_DATE: Final = re.compile(
    r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?:[T ,].*)?|\d{4}[-/]\d{1,2}|\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?"
    r"|(?:\d{1,2}[-. ]*)?[^\W\d_]{3,9}[-.,]?\s*(?:\d{1,2},?\s+)?\d{4}(?:\s*г\.?)?"
)
_MAX_CHARACTERS: Final = 60
"""No number or date is longer, and these patterns can take quadratic time."""
_YEAR: Final = re.compile(r"(?:1[89]|20|21)\d\d")


CellKind = Literal["number", "date", "truth", "text"]


def cell_kind(cell: str) -> CellKind:
    """What one cell without spaces around it looks like."""
    if len(cell) > _MAX_CHARACTERS:
        return "text"
    if _NUMBER.fullmatch(cell):
        return "number"
    if _DATE.fullmatch(cell):
        return "date"
    return "truth" if cell.lower() in _WORDS else "text"


def is_year(cell: str) -> bool:
    """A year, which may well be a heading."""
    return bool(_YEAR.fullmatch(cell))


def is_missing(cell: str) -> bool:
    """One of the markers for no value."""
    return cell in MISSING
