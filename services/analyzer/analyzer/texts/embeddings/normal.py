"""Vectors of length 1."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analyzer.texts.embeddings.base import Vectors


def normalised(rows: NDArray[np.floating[Any]]) -> Vectors:
    """Each row divided by its Euclidean length; a row of zeros stays."""
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    return (rows / np.where(lengths, lengths, 1)[:, None]).astype(np.float32)
