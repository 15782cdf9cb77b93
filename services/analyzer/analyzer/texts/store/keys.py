"""What a text is called."""

from collections.abc import Iterable

Key = tuple[str, str]
"""Owner and track id."""


def columns(keys: Iterable[Key]) -> dict[str, list[str]]:
    """Values of the parameters `owner` and `track_id`. There must be some."""
    owners, names = zip(*keys, strict=True)
    return {"owner": list(owners), "track_id": list(names)}
