"""Where texts lie to each other: their vectors on a plane.

The plane is that of the first two principal components (K. Pearson, "On Lines and Planes of Closest Fit to Systems of
Points in Space", Philosophical Magazine 1901): of all planes it keeps most of the differences between the vectors.

Called in child processes; workers import this module too, to name its functions, and need no numpy for that.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from warren.contracts.texts import Point

_HEAD_BYTES = 4


@dataclass(frozen=True, slots=True)
class Projection:
    """A point for each vector, around the middle of all. `explained`: share of their variance that is shown, 0 to 1."""

    points: tuple[Point, ...]
    explained: float


def project(packed: Sequence[bytes]) -> Projection:
    """Of vectors of one length, as `analyzer.texts.work` packs them. The same vectors give the same points."""
    import numpy as np  # noqa: PLC0415

    rows = np.stack([np.frombuffer(vector, ">f2", offset=_HEAD_BYTES) for vector in packed]).astype(np.float64)
    rows -= rows.mean(axis=0)
    left, sizes, _ = np.linalg.svd(rows, full_matrices=False)
    whole = float((sizes**2).sum())
    plane = np.zeros((len(rows), 2))
    explained = 1.0
    # Vectors that differ by no more than rounding are one point.
    if whole > 1e-9:
        explained = float((sizes[:2] ** 2).sum()) / whole
        shown = min(2, len(sizes))
        plane[:, :shown] = left[:, :shown] * sizes[:shown]
        # An axis may point either way: its farthest point is on the positive side.
        plane *= np.where(plane[np.abs(plane).argmax(axis=0), (0, 1)] < 0, -1.0, 1.0)
        plane /= np.abs(plane).max()
    points = tuple(Point(x=round(x, 4), y=round(y, 4)) for x, y in plane.tolist())
    return Projection(points, round(explained, 4))
