"""How much of a text repeats what it said before."""

import zlib

from analyzer.texts.reading import Text


def repeated_lines(text: Text) -> float:
    """Share of lines that occurred before, 0 (none; also without lines) to below 1; case and signs do not count."""
    if not text.lines:
        return 0.0
    said = [" ".join(words) or line for words, line in zip(text.words, text.lines, strict=True)]
    return 1 - len(set(said)) / len(said)


def compressibility(text: Text) -> float:
    """Share of its UTF-8 bytes that DEFLATE (RFC 1951) saves, 0 (nothing; also when empty) to below 1.

    The measure of repetition in song lyrics of C. Morris, "Are Pop Lyrics Getting More Repetitive?", The Pudding 2017.
    Another build of zlib may differ in the third decimal. Longer texts compress better: compare those of like length.
    """
    raw = text.content.encode()
    if not raw:
        return 0.0
    return max(0.0, 1 - len(zlib.compress(raw, level=1, wbits=-zlib.MAX_WBITS)) / len(raw))
