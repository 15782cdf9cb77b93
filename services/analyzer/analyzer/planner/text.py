"""A question as tokens: words with their stems, numbers with their values, quoted names, symbols."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

import snowballstemmer

TokenKind = Literal["word", "number", "quoted", "date", "symbol"]

_TOKEN = re.compile(
    r"""
      (?P<date>\b\d{4}-\d{1,2}-\d{1,2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{4}\b|\b\d{4}-(?:0[1-9]|1[0-2])(?![\d-]))
    | (?P<quoted>"[^"]+"|«[^»]+»|“[^”]+”|„[^“”]+[“”]|‘[^’]+’|(?<!\w)'[^']+'(?!\w)|`[^`]+`)
    | (?P<number>(?:(?<![\w)])-)?(?:\d{1,3}(?:[,\u00a0\u202f ]\d{3})+(?!\d)|\d+)(?:[.,]\d+)?(?![\w]))
    | (?P<word>[^\W_](?:[\w]|['’](?=\w)|\.(?=\w\.))*|_\w+)
    | (?P<symbol>>=|<=|!=|<>|==|[<>=≥≤≠%&(),;:?–—-])
    """,
    re.VERBOSE,
)
SHORTEST = 4
"""A second round of stemming leaves as many letters."""
_IRREGULAR = {"rating": "rating", "ratings": "rating"}
"""Words whose stem is another word's: a rating is no rate."""
_CAMEL = re.compile(r"[A-ZА-Я]+(?![a-zа-я])|[A-ZА-Я]?[a-zа-яё]+|\d+|[A-ZА-ЯЁ]+|[^\W\d_]+")
_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a question. `text` is as written (without quotes), `stem` what it is compared by."""

    kind: TokenKind
    text: str
    stem: str
    parts: tuple[str, ...]
    """Stems of the words it is made of: two for `temp_max`, one for most."""
    number: float | None = None
    first: bool = False
    """It opens the question: its capital letter says nothing."""

    @property
    def is_name(self) -> bool:
        """Written like a proper name or a code: quoted, capitalised inside a sentence, or all capitals."""
        if self.kind == "quoted":
            return True
        shouted = len(self.text) > 1 and self.text.isupper()
        return self.kind == "word" and (shouted or (self.text[0].isupper() and not self.first))


def tokenize(text: str) -> tuple[Token, ...]:
    """The tokens of `text` in order; spaces and unknown symbols are dropped."""
    tokens: list[Token] = []
    for found in _TOKEN.finditer(text):
        kind, raw = _kind(found), found.group()
        if kind == "number":
            tokens.append(Token("number", raw, raw, (raw,), number=_number(raw)))
        elif kind == "quoted":
            tokens.append(Token("quoted", raw[1:-1], " ".join(stems(raw[1:-1])), stems(raw[1:-1])))
        elif kind == "word":
            tokens.append(Token("word", raw, stem(raw), stems(raw), first=not tokens))
        else:
            tokens.append(Token(kind, raw, raw, (raw,)))
    return tuple(tokens)


def stems(text: str) -> tuple[str, ...]:
    """Stems of all words and numbers of `text`: how names, values and phrases are compared."""
    return tuple(stem(word) for word in words(text))


def words(text: str) -> list[str]:
    """Words of a name in any of the usual spellings: `temp_max`, `tempMax`, `Temp Max`."""
    return [part for chunk in re.findall(r"\w+(?:[.'’]\w+)*", text) for part in _split(chunk)]


@cache
def stem(word: str) -> str:
    """The word without its ending, lower-cased, ё as е; the script of its letters says which language it is."""
    plain = word.lower().replace("ё", "е").replace("’", "'")
    if plain in _IRREGULAR:
        return _IRREGULAR[plain]
    language = "russian" if _CYRILLIC.search(plain) else "english"
    stemmer = snowballstemmer.stemmer(language)
    stemmed: str = stemmer.stemWord(plain)
    # "квартал" loses its last letter like a verb, "кварталам" only in a second round: go on until nothing changes.
    while language == "russian" and stemmed != plain:
        plain, shorter = stemmed, str(stemmer.stemWord(stemmed))
        stemmed = shorter if len(shorter) >= SHORTEST else stemmed
    return stemmed


def is_cyrillic(text: str) -> bool:
    """Whether any letter of it is Cyrillic."""
    return _CYRILLIC.search(text) is not None


def _split(chunk: str) -> list[str]:
    if chunk.isupper() or chunk.islower():
        return [part for part in chunk.split("_") if part]
    return _CAMEL.findall(chunk) or [chunk]


def _kind(found: re.Match[str]) -> TokenKind:
    kinds: tuple[TokenKind, ...] = ("date", "quoted", "number", "word")
    return next((kind for kind in kinds if found[kind] is not None), "symbol")


def _number(raw: str) -> float:
    plain = re.sub(r"[\u00a0\u202f ]", "", raw)
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", plain):
        return float(plain.replace(",", ""))
    return float(plain.replace(",", "."))
