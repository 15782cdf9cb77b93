"""Vectors of texts: alike texts lie near each other."""

from analyzer.texts.embeddings.base import Embedder, Vectors, load
from analyzer.texts.embeddings.settings import EmbeddingSettings

__all__ = ["Embedder", "EmbeddingSettings", "Vectors", "load"]
