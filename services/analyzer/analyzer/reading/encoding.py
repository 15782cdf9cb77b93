"""The character encoding of a text file, told by its bytes."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import charset_normalizer

from analyzer.reading import remarks
from analyzer.reading.content import HEAD_BYTES, refuse_binary
from analyzer.reading.notes import Notes

_BLOCK_BYTES: Final = 1 << 20
_SAMPLE_BYTES: Final = 16 * 1024
"""Of lines that hold more than ASCII: more does not make the guess better, only slower."""

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CYRILLIC: Final = ("cp1251", "koi8_r", "cp866")
_OTHERS: Final = ["cp1252", "cp1250", "cp1253", "cp1254", "cp1255", "cp1256", "shift_jis", "gb18030", "big5", "euc_kr"]
_UNICODE: Final = ("utf_8_sig", "utf_16", "utf_16_le", "utf_16_be", "utf_32")
for _name in (*_CYRILLIC, *_OTHERS, *_UNICODE, "latin_1", "cp437"):  # the last names the entries of zip files
    codecs.lookup(_name)  # loads the codec now: where files are read, modules may be out of reach

_PLAUSIBLE: Final = re.compile(r"[\t\r\n -~\u00a0-\u024f\u0400-\u04ff\u2010-\u2044\u20a0-\u20bf\u2116]")
_NOT_ASCII_LINE: Final = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*")
_MAX_BROKEN_SHARE: Final = 0.05
"""Of the characters beyond ASCII: with fewer the file is UTF-8 that was damaged, with more something else."""

# How often each letter comes among a hundred letters of Russian text.
_RUSSIAN = dict.fromkeys("ёъэфщ", 0.2) | dict.fromkeys("цюшжхйчб", 0.9) | dict.fromkeys("згьы", 1.7)
_RUSSIAN |= {"я": 2.0, "у": 2.6, "п": 2.8, "д": 3.0, "м": 3.2, "к": 3.5, "л": 4.4, "в": 4.5, "р": 4.7, "с": 5.5}
_RUSSIAN |= {"т": 6.3, "н": 6.7, "и": 7.4, "а": 8.0, "е": 8.5, "о": 11.0}
_WESTERN: Final = frozenset("àáâãäåæçèéêëíîïñóôõöøùúûüßœÀÁÂÄÅÆÇÈÉÊËÍÎÏÑÓÔÖØÙÚÛÜŒ€£§°²³µ½«»“”„‘’–—…·©®™¿¡ºª\xa0")
_MIN_WESTERN: Final = 0.95
"""Share of these among the signs beyond ASCII; Polish or Turkish text read as cp1252 has far fewer."""
_MIN_RUSSIAN: Final = 4.2
"""Mean of the above over the letters of a text: Russian has 5.6 to 6, letters drawn at random 3."""


@dataclass(frozen=True)
class Encoding:
    """`codec` is Python's name; `broken` tells that some bytes do not fit and have to be replaced."""

    codec: str
    broken: bool = False

    @property
    def label(self) -> str:
        """The name that people use."""
        return {"utf-8-sig": "utf-8", "latin_1": "latin-1"}.get(self.codec, self.codec).replace("_", "-")


def detect_encoding(path: Path, notes: Notes) -> Encoding:
    """The encoding of the whole file. Raises UnreadableFile if the file is not text."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return Encoding(codec, broken=not _decodes(path, codec))
    if (wide := _wide(head)) is not None:
        notes.say(remarks.NO_MARK, encoding=wide.upper())
        return Encoding(wide, broken=not _decodes(path, wide))
    refuse_binary(head)
    if _decodes(path, "utf-8"):
        return Encoding("utf-8")
    if _is_damaged_utf8(path):
        return Encoding("utf-8", broken=True)
    codec = _guess(_sample(path))
    encoding = Encoding(codec, broken=not _decodes(path, codec))
    notes.say(remarks.NOT_UTF8, encoding=encoding.label)
    return encoding


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            yield block


def _decodes(path: Path, codec: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        for block in _blocks(path):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark: read as such, nearly all its characters are those that tables have."""
    for codec in ("utf-16-le", "utf-16-be"):
        text = head[: len(head) // 2 * 2].decode(codec, "replace")
        if len(_PLAUSIBLE.findall(text)) > 0.95 * len(text):
            return codec
    return None


def _is_damaged_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    broken = beyond = 0
    for block in _blocks(path):
        text = decoder.decode(block)
        broken += text.count("\ufffd")
        beyond += len(text) - len(text.encode("ascii", "ignore"))
    return broken <= _MAX_BROKEN_SHARE * beyond


def _sample(path: Path) -> bytes:
    lines: list[bytes] = []
    size = 0
    for block in _blocks(path):
        for match in _NOT_ASCII_LINE.finditer(block):
            lines.append(match.group()[:_SAMPLE_BYTES])
            size += len(lines[-1])
            if size > _SAMPLE_BYTES:
                return b"\n".join(lines)
    return b"\n".join(lines)


def _guess(sample: bytes) -> str:
    """The 8-bit or East Asian encoding of lines that are known to be neither ASCII nor UTF-8."""
    codec = max(_CYRILLIC, key=lambda name: _russian(sample, name))
    if _russian(sample, codec) >= _MIN_RUSSIAN:
        return codec
    if _western(sample) >= _MIN_WESTERN:
        return "cp1252"
    best = charset_normalizer.from_bytes(sample, cp_isolation=_OTHERS, enable_fallback=False).best()
    guess = "cp1252" if best is None else best.encoding
    if guess in {"cp1252", "ascii", "utf_8"}:
        # differs from cp1252 only where that has nothing
        guess = "cp1252" if _fits(sample, "cp1252") else "latin_1"
    return guess


def _western(sample: bytes) -> float:
    signs = [sign for sign in sample.decode("cp1252", "replace") if sign > "\x7f"]
    return sum(sign in _WESTERN for sign in signs) / max(len(signs), 1)


def _fits(sample: bytes, codec: str) -> bool:
    try:
        sample.decode(codec)
    except UnicodeError:
        return False
    return True


def _russian(sample: bytes, codec: str) -> float:
    """How Russian the letters beyond ASCII are, 0 to about 6; Latin neighbours count against it, as in `caf\u0439`."""
    text = sample.decode(codec, "replace")
    letters = [sign for sign in text if sign > "\x7f" and not sign.isspace()]
    mixed = len(re.findall(r"[A-Za-z][\u0400-\u04ff]|[\u0400-\u04ff][A-Za-z]", text))
    # capitals inside a word show that another encoding has its small letters there
    flipped = len(re.findall(r"[а-яё][А-ЯЁ]", text))
    score = sum(_RUSSIAN.get(sign.lower(), 0.0) for sign in letters) / max(len(letters), 1)
    return score * (1 - min(1.0, (mixed + flipped) / max(len(letters), 1)))
