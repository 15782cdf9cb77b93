"""Vectors from a neural model, by the extra `sentence-transformers`.

N. Reimers, I. Gurevych, "Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks", EMNLP 2019.
"""

from collections.abc import Sequence

import numpy as np
from sentence_transformers import SentenceTransformer

from analyzer.texts.embeddings.base import Vectors
from analyzer.texts.embeddings.normal import normalised
from analyzer.texts.embeddings.settings import EmbeddingSettings
from analyzer.texts.reading import repaired


class NeuralEmbedder:
    """A model of your own choice, on this machine. `embedding_model` may name a folder: then nothing is downloaded."""

    name = "sentence-transformers"

    def __init__(self, settings: EmbeddingSettings) -> None:
        if not settings.embedding_model:
            raise ValueError("WARREN_EMBEDDING_MODEL must name a model")
        self._model = SentenceTransformer(settings.embedding_model)
        self.version = settings.embedding_model
        self.dimensions = int(self._model.get_embedding_dimension())

    def embed(self, texts: Sequence[str]) -> Vectors:
        clean = [repaired(text) for text in texts]
        rows = np.asarray(self._model.encode(clean, show_progress_bar=False)).reshape(len(clean), self.dimensions)
        return normalised(rows * [[bool(text.strip())] for text in clean])
