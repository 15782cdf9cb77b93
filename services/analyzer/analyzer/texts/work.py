"""What takes the processor: called in child processes, which hold the models.

Workers import this module too, to name its functions; what holds models is imported when it is first needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from analyzer.texts.embeddings import Embedder, EmbeddingSettings, Vectors, load
from analyzer.texts.reading import repaired
from warren.contracts.texts import EXCERPT

if TYPE_CHECKING:
    from analyzer.texts.features import FeatureExtractor

FEATURES_VERSION = 1
"""Counts changes of what features mean: a text described by an earlier version is described again when it comes."""


@dataclass(frozen=True, slots=True)
class Model:
    """An embedding engine: those of the same `name` give vectors that can be compared, of so many dimensions."""

    name: str
    dimensions: int


@dataclass(frozen=True, slots=True)
class Described:
    """What is stored of a text. `features` is JSON; `embedding` a packed vector, None for a text with nothing in it."""

    language: str | None
    topics: tuple[str, ...]
    features: str
    excerpt: str
    embedding: bytes | None


def model(settings: EmbeddingSettings) -> Model:
    """Raises `ValueError` if the engine cannot be loaded."""
    embedder = _embedder(settings)
    return Model(f"{embedder.name}-{embedder.version}-{embedder.dimensions}", embedder.dimensions)


def describe(settings: EmbeddingSettings, texts: Sequence[str]) -> list[Described]:
    """Raises `TransientError` and `JobError` as the embedding engine does."""
    vectors = _packed(_embedder(settings).embed(texts))
    return [_described(text, vector) for text, vector in zip(texts, vectors, strict=True)]


def embed(settings: EmbeddingSettings, text: str) -> bytes | None:
    """The packed vector of one text. Raises likewise."""
    return _packed(_embedder(settings).embed([text]))[0]


def _described(text: str, vector: bytes | None) -> Described:
    features = _extractor().extract(text)
    # PostgreSQL stores no NUL, and no surrogate.
    excerpt = " ".join(repaired(text[: 2 * EXCERPT]).replace("\0", " ").split())[:EXCERPT]
    return Described(features.language, features.topics, features.model_dump_json(), excerpt, vector)


def _packed(rows: Vectors) -> list[bytes | None]:
    """As pgvector sends a `halfvec`: the number of dimensions, two empty bytes, and as many half floats."""
    head = rows.shape[1].to_bytes(2, "big") + b"\0\0"
    return [head + row.tobytes() if row.any() else None for row in rows.astype(">f2")]


@cache
def _embedder(settings: EmbeddingSettings) -> Embedder:
    return load(settings)


@cache
def _extractor() -> "FeatureExtractor":
    from analyzer.texts.features import FeatureExtractor  # noqa: PLC0415

    return FeatureExtractor()
