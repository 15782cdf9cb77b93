"""What `Cruncher` calls in its child. scikit-learn takes seconds and 150 MB to load: only the child does."""

# ruff: noqa: PLC0415

from collections.abc import Sequence

from warren.contracts.digest_records import Category


def load() -> None:
    """What every build needs first; scikit-learn is left until the local engine does."""
    from digest.engines import duplicates  # noqa: F401


def repetitions(texts: Sequence[str]) -> list[int]:
    """See `duplicates.repetitions`."""
    from digest.engines import duplicates

    return duplicates.repetitions(texts)


def sort_known(key: str, texts: Sequence[str]) -> list[str | None] | None:
    """See `sorting.sort_known`."""
    from digest.engines import sorting

    return sorting.sort_known(key, texts)


def sort(
    key: str, categories: Sequence[Category], prompt: str, corpus: Sequence[str], texts: Sequence[str]
) -> list[str | None]:
    """See `sorting.sort`."""
    from digest.engines import sorting

    return sorting.sort(key, categories, prompt, corpus, texts)


def summaries(posts: Sequence[tuple[str, str]]) -> list[list[str]]:
    """See `extract.summaries`."""
    from digest.engines import extract

    return extract.summaries(posts)
