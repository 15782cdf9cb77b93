"""The ways in which people and programs write dates, as RE2 patterns with named fields.

Fields: `year`, `month`, `day`, `first` and `second` (day and month in an order that the column decides), `name` (of a
month), `quarter`, `hour`, `minute`, `second_of_minute`, `fraction`, `half` (a or p), `zone`.
"""

from dataclasses import dataclass
from typing import Final

MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "янв"),
            ("feb", "фев"),
            ("mar", "мар"),
            ("apr", "апр"),
            ("may", "май", "мая"),
            ("jun", "июн"),
            ("jul", "июл"),
            ("aug", "авг"),
            ("sep", "сен"),
            ("oct", "окт"),
            ("nov", "ноя"),
            ("dec", "дек"),
        ),
        start=1,
    )
    for name in names
}
"""By the first three letters of the name, in lower case."""

_NAME: Final = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?|янв(?:ар[ья])?|фев(?:р(?:ал[ья])?)?|март?а?|апр(?:ел[ья])?|ма[йя]|июн[ья]?|июл[ья]?"
    r"|авг(?:уста?)?|сент?(?:ябр[ья])?|окт(?:ябр[ья])?|ноя(?:б(?:р[ья])?)?|дек(?:абр[ья])?)\.?"
)
_WEEKDAY: Final = (
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*|(?:пн|вт|ср|чт|пт|сб|вс|понед|втор|сред|четв|пятн|субб|воск)[а-я]*)"
)
_BEFORE: Final = rf"^(?:{_WEEKDAY}\.?,?\s+)?"
_CLOCK: Final = (
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second_of_minute>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?(?:\s?(?P<half>[ap])\.?m\.?)?"
)
_ZONE: Final = r"(?:\s?(?P<zone>z|utc|gmt|(?:utc|gmt)?[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?))?"
_AFTER: Final = rf"(?:(?:t|,?\s+(?:at\s+)?){_CLOCK}{_ZONE})?$"
_YEAR: Final = r"(?P<year>[12][0-9]{3})"
_ANY_YEAR: Final = r"'?(?P<year>[12][0-9]{3}|[0-9]{2})"
_DAY: Final = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th|-го|-е)?"
_OF_YEAR: Final = r"(?:\s?(?:г\.?|года?))?"


@dataclass(frozen=True)
class Grammar:
    """`pattern` disregards case. `shown` is how a person would name this way of writing."""

    shown: str
    pattern: str

    @property
    def regex(self) -> str:
        return f"(?i){self.pattern}"


ISO: Final = r"^[12][0-9]{3}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?)?$"
DOTTED: Final = Grammar(
    "31.12.2020", rf"{_BEFORE}(?P<first>[0-9]{{1,2}})\.(?P<second>[0-9]{{1,2}})\.{_ANY_YEAR}{_OF_YEAR}{_AFTER}"
)
SLASHED: Final = Grammar(
    "31/12/2020", rf"{_BEFORE}(?P<first>[0-9]{{1,2}})\s?[/-]\s?(?P<second>[0-9]{{1,2}})\s?[/-]\s?{_ANY_YEAR}{_AFTER}"
)
COMPACT: Final = Grammar(
    "20201231",
    r"^(?P<year>19[0-9]{2}|20[0-9]{2})(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12][0-9]|3[01])"
    r"(?:T?(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second_of_minute>[0-9]{2})?(?P<zone>z)?)?$",
)
COMPACT_MONTH: Final = Grammar("202012", r"^(?P<year>19[0-9]{2}|20[0-9]{2})(?P<month>0[1-9]|1[0-2])$")
DOTTED_MONTH: Final = Grammar("12.2020", r"^(?P<month>0[1-9]|1[0-2])\.(?P<year>19[0-9]{2}|20[0-9]{2})$")

GRAMMARS: Final = (
    Grammar("2020-12-31", rf"{_BEFORE}{_YEAR}[-/.](?P<month>[0-9]{{1,2}})[-/.](?P<day>[0-9]{{1,2}}){_AFTER}"),
    DOTTED,
    SLASHED,
    Grammar("Dec 31 2020", rf"{_BEFORE}{_NAME}[\s/-]*{_DAY}(?:,\s*|[\s/-]+){_ANY_YEAR}{_AFTER}"),
    Grammar("31 Dec 2020", rf"{_BEFORE}{_DAY}[\s/.-]*(?:of\s+)?{_NAME},?[\s/.-]*{_ANY_YEAR}{_OF_YEAR}{_AFTER}"),
    Grammar("2020 Dec 31", rf"^{_YEAR}[\s/-]*{_NAME}(?:[\s/-]*{_DAY})?{_AFTER}"),
    Grammar("Dec 2020", rf"^{_NAME},?[\s/-]*(?:{_YEAR}|[-'](?P<short_year>[0-9]{{2}})){_OF_YEAR}$"),
    Grammar("Thu Dec 31 10:00:00 2020", rf"{_BEFORE}{_NAME}\s+{_DAY}\s+{_CLOCK}{_ZONE}\s+{_YEAR}$"),
    Grammar("2020-12", rf"^{_YEAR}[-/](?P<month>0?[1-9]|1[0-2])$"),
    Grammar("12/2020", rf"^(?P<month>0?[1-9]|1[0-2])[/-]{_YEAR}$"),
    Grammar("2020 Q4", rf"^{_YEAR}[\s/-]*(?:q|кв\.?\s?)(?P<quarter>[1-4])$"),
    Grammar(
        "Q4 2020", rf"^(?:q(?P<quarter>[1-4])|(?P<quarter_before>[1-4])\s?(?:q|кв\.?|квартал))[\s/-]*{_YEAR}{_OF_YEAR}$"
    ),
    Grammar("20201231", COMPACT.pattern.replace("T?", "T")),
)
"""Tried in this order on every value of a column that is mostly dates; each value may be written its own way."""
