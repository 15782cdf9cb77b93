"""Texts like songs for benchmarks: some 200 words each, in verses with a chorus, about one of many themes."""

import json
import random
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

THEMES = 300
WORDS = 60
"""Of a theme."""


def songs(count: int, seed: int = 1) -> Iterator[tuple[str, str]]:
    """Ids and texts, the same for the same seed."""
    draw = random.Random(seed)
    common, telling = _vocabulary()
    themes = [draw.sample(telling, WORDS) for _ in range(THEMES)]
    for n in range(count):
        theme = draw.choice(themes)

        def verse(lines: int, theme: list[str] = theme) -> str:
            # Words of a theme are not equally frequent: the weights fall as in any text (Zipf's law).
            kinds = draw.choices((common, theme, telling), (50, 30, 20), k=lines * 6)
            words = [kind[int(len(kind) * draw.random() ** 2)] for kind in kinds]
            return "\n".join(" ".join(words[at : at + 6]) for at in range(0, len(words), 6))

        chorus = verse(4)
        yield f"song-{seed}-{n}", "\n\n".join([verse(8), chorus, verse(8), chorus, verse(draw.randint(8, 14))])


def write(path: Path, count: int, seed: int = 1) -> None:
    """A file with a JSON object a line."""
    with path.open("w", encoding="utf-8") as file:
        for track_id, text in songs(count, seed):
            file.write(json.dumps({"track_id": track_id, "text": text}) + "\n")


def _vocabulary() -> tuple[list[str], list[str]]:
    """Frequent words of English, and some 6,000 that mean something."""
    import stopwordsiso  # noqa: PLC0415  only benchmarks of texts need it

    lexicon = resources.files("vaderSentiment").joinpath("vader_lexicon.txt").read_text("utf-8")
    words = (line.partition("\t")[0] for line in lexicon.splitlines())
    common = sorted(word for word in stopwordsiso.stopwords("en") if word.isalpha() and len(word) < 5)
    return common, sorted({word for word in words if word.isalpha() and word.isascii() and len(word) > 2})
