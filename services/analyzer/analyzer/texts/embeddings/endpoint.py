"""Vectors from an OpenAI-compatible endpoint, `POST /embeddings`."""

from collections.abc import Sequence

import numpy as np
from openai import OpenAI

from analyzer.texts.embeddings.base import Vectors
from analyzer.texts.embeddings.normal import normalised
from analyzer.texts.embeddings.settings import EmbeddingSettings
from analyzer.texts.reading import repaired
from warren.errors import JobError, TransientError
from warren.llm.failures import EXPECTED, classify

LONGEST_INPUT = 8000
"""Characters sent of a text: the models' limit is some 8,000 tokens, and no script has fewer characters than tokens."""
INPUTS = 32
"""Texts in one request, so that even the longest stay below the 300,000 tokens that OpenAI takes."""


class EndpointEmbedder:
    """A model at `embedding_base_url`, asked for `embedding_dimensions` dimensions."""

    name = "openai"

    def __init__(self, settings: EmbeddingSettings) -> None:
        if not settings.embedding_model:
            raise ValueError("WARREN_EMBEDDING_MODEL must name a model")
        self.version = f"{settings.embedding_model}-{settings.embedding_dimensions}"
        self.dimensions = settings.embedding_dimensions
        self._model = settings.embedding_model
        # The job is tried again as a whole, with a pause that keeps no worker waiting.
        self._sdk = OpenAI(
            api_key=settings.embedding_api_key.get_secret_value() or "none",
            base_url=settings.embedding_base_url,
            timeout=settings.embedding_timeout_seconds,
            max_retries=0,
        )

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Raises `TransientError` when the endpoint may answer later, `JobError` when it will not."""
        rows = np.zeros((len(texts), self.dimensions))
        inputs = {place: repaired(text)[:LONGEST_INPUT] for place, text in enumerate(texts)}
        # Endpoints refuse an empty input.
        places = [place for place, text in inputs.items() if text.strip()]
        for first in range(0, len(places), INPUTS):
            chosen = places[first : first + INPUTS]
            rows[chosen] = self._ask([inputs[place] for place in chosen])
        return normalised(rows)

    def _ask(self, inputs: list[str]) -> list[list[float]]:
        try:
            reply = self._sdk.embeddings.create(
                model=self._model, input=inputs, dimensions=self.dimensions, encoding_format="float"
            )
        except EXPECTED as error:
            failure = classify(error)
            message = f"The embedding endpoint failed: {failure.message}."
            if failure.retryable:
                raise TransientError(
                    "analyzer.embedding_unavailable", message, retry_after=failure.retry_after
                ) from error
            raise JobError("analyzer.embedding_refused", message) from error
        vectors = [item.embedding for item in sorted(reply.data, key=lambda item: item.index)]
        if len(vectors) != len(inputs) or any(len(vector) != self.dimensions for vector in vectors):
            raise JobError(
                "analyzer.embedding_refused", "The embedding endpoint sent vectors of another number or size."
            )
        return vectors
