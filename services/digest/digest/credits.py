"""What agencies put around their news: credits behind titles, places and names before texts, stock symbols within."""

import re

_AGENCY = (
    r"(?:AP|AFP|UPI|DPA|Reuters|Canadian Press|Associated Press|Bloomberg|USATODAY\.com|SPACE\.com|TASS|ТАСС|Интерфакс|"
    r"РИА Новости)"
)
_CREDIT = re.compile(rf"\s*\({_AGENCY}\)\s*$")
_PLACE = r"[A-ZА-ЯЁ][A-ZА-ЯЁ.'’ -]{2,40}(?:,\s*[A-ZА-ЯЁ][\w. ]{1,20})?"
_BYLINE = re.compile(rf"^\s*By\s+[A-Z][\w.,'’ -]{{2,90}}?\s*\({_AGENCY}\)\s*(?:-{{1,2}}|–|—)\s+")
_DATELINE = re.compile(rf"^\s*(?:{_AGENCY}|{_PLACE}(?:\s*\([\w. ]{{2,30}}\))?)\s*(?:-{{1,2}}|–|—)\s+")
_SYMBOL = re.compile(r"\s*(?:<[A-Z]{1,5}\.[A-Z]{1,2}>|\([A-Z]{1,5}\.[A-Z]{1,2}\)|\((?:NYSE|Nasdaq): ?[A-Z]{1,5}\))")


def without_credit(title: str) -> str:
    return _CREDIT.sub("", title)


def without_dateline(text: str) -> str:
    """Also without two of them, an author's name, and stock symbols."""
    return _SYMBOL.sub("", _DATELINE.sub("", _DATELINE.sub("", _BYLINE.sub("", text))))
