"""How many posts the local engine sorts as people did, from descriptions of the categories alone.

`BENCH_POSTS` names a CSV without a header: category (a name of `CATEGORIES`, or its number from 1), title, text.
Without it, the sample of the digest service's tests is sorted. Nothing learns from the labels: they are only compared
with in the end. The reference is the same engine before it learned words from the posts: what it was told, and its
lexicon. How far a sentence-embedding model gets with the same descriptions stands in the digest service's README.
"""

import csv
import os
import time
from collections import Counter
from pathlib import Path

from digest.engines import sorting
from warren.contracts.digest_records import Category

SAMPLE = Path(__file__).parent.parent / "services" / "digest" / "tests" / "data" / "posts.csv"
CATEGORIES = (
    Category(
        name="World",
        description="International news: politics, governments and elections, wars and conflicts, terrorism, "
        "diplomacy, disasters and accidents, crime and justice, refugees, human rights",
    ),
    Category(
        name="Sports",
        description="Matches, tournaments, the Olympic Games, teams, players, coaches, results and records in every "
        "sport",
    ),
    Category(
        name="Business",
        description="Companies and their earnings, stock markets, oil prices, the economy, banks, trade, jobs, "
        "mergers, consumers",
    ),
    Category(
        name="Sci/Tech",
        description="Science and technology: software, the internet, computers, phones, security holes, video games, "
        "space, research, biology, climate",
    ),
)
NAMES = [category.name for category in CATEGORIES]


def main() -> None:
    rows = read(Path(os.environ.get("BENCH_POSTS", SAMPLE)))
    labels, texts = [label for label, _ in rows], [text for _, text in rows]
    started = time.perf_counter()
    found = sorting.Sorter(CATEGORIES, "", texts).sort(texts)
    seconds = time.perf_counter() - started
    told = sorting.Sorter(CATEGORIES, "", texts, rounds=0).sort(texts)
    ours, reference = accuracy(found, labels), accuracy(told, labels)
    print(f"{len(rows)} posts in {seconds:.1f} s")
    for (label, sorted_as), count in sorted(Counter(zip(labels, map(str, found), strict=True)).items()):
        print(f"  {label:10} → {sorted_as:10} {count:5}")
    print(
        f"accuracy {ours:.3f}; told only {reference:.3f}; most frequent {max(Counter(labels).values()) / len(rows):.3f}"
    )
    print(f"ratio: {ours / reference:.2f}")


def read(path: Path) -> list[tuple[str, str]]:
    """Label and text of each post. A known collection of news writes line breaks as backslashes."""
    with path.open(encoding="utf-8") as file:
        return [(_label(row[0]), f"{row[1]}\n{row[2]}".replace("\\", " ")) for row in csv.reader(file)]


def _label(value: str) -> str:
    return NAMES[int(value) - 1] if value.isdigit() else value


def accuracy(found: list[str | None], labels: list[str]) -> float:
    return sum(one == other for one, other in zip(found, labels, strict=True)) / len(labels)
