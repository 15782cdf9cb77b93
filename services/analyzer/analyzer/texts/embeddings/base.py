"""What makes vectors of texts, and how it is chosen."""

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

from analyzer.texts.embeddings.settings import EmbeddingSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Vectors: TypeAlias = "NDArray[np.float32]"
"""[texts, dimensions]; each row of length 1, or of zeros for a text with nothing in it."""


class Embedder(Protocol):
    """Vectors of the same `name` and `version` can be compared; those of others cannot."""

    name: str
    version: str
    dimensions: int

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, in their order. Takes the processor or waits: call it off the event loop."""


BUILT_IN = {
    "hashing": "analyzer.texts.embeddings.hashing:HashingEmbedder",
    "sentence-transformers": "analyzer.texts.embeddings.neural:NeuralEmbedder",
    "openai": "analyzer.texts.embeddings.endpoint:EndpointEmbedder",
}


def load(settings: EmbeddingSettings) -> Embedder:
    """The engine that `settings.embedder` names, imported now and not before.

    Raises `ValueError` if there is none, its package is missing, or its settings are.
    """
    module, _, name = BUILT_IN.get(settings.embedder, settings.embedder).partition(":")
    try:
        made = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"WARREN_EMBEDDER={settings.embedder}: {error}") from error
    return cast("Embedder", made(settings))
