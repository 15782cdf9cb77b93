"""Which topics mean the same."""

from collections.abc import Iterable, Sequence

from rapidfuzz import fuzz, process

SHORTEST = 8
"""Letters of a key below which one letter makes another word: Spain, spin."""
SIMILAR = 92.0
"""Of 100: one letter in a dozen differs, as in colour and color photography."""


def same_as(key: str, others: Sequence[str]) -> str | None:
    """The most similar of these keys, if it means the same: equal, or spelled a little differently."""
    if key in others:
        return key
    if len(key) < SHORTEST or key.startswith("="):
        return None
    found = process.extractOne(key, [other for other in others if not other.startswith("=")], scorer=fuzz.ratio,
                               score_cutoff=SIMILAR)  # fmt: skip
    return None if found is None else str(found[0])


def merges(keys: Iterable[str]) -> dict[str, str]:
    """Later keys → the earlier one each means the same as. `keys` has the most popular first."""
    kept: list[str] = []
    merged: dict[str, str] = {}
    for key in keys:
        twin = same_as(key, kept)
        if twin is None or twin == key:
            kept.append(key)
        else:
            merged[key] = twin
    return merged
