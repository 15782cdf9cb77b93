"""Maps: distances on them are those of the vectors, as far as two dimensions can show them."""

import math

import numpy as np
import pytest

from analyzer.texts.embeddings import EmbeddingSettings
from analyzer.texts.maps import project
from analyzer.texts.work import embed
from warren.contracts.texts import Point

from .samples import CLASSES

pytestmark = pytest.mark.unit


def packed(*vectors: list[float]) -> list[bytes]:
    return [len(vector).to_bytes(2, "big") + b"\0\0" + np.array(vector, ">f2").tobytes() for vector in vectors]


def distance(one: Point, other: Point) -> float:
    return math.hypot(one.x - other.x, one.y - other.y)


def test_what_lies_on_a_plane_keeps_its_distances() -> None:
    # A rectangle of 3 by 4, askew in six dimensions.
    a, b = np.array([1, 1, 1, 1, 0, 0]) / 2, np.array([1, -1, 1, -1, 0, 0]) / 2
    corners = [n * a + m * b for n, m in ((0, 0), (3, 0), (3, 4), (0, 4))]

    drawn = project(packed(*(corner.tolist() for corner in corners)))

    first, second, third, fourth = drawn.points
    scale = distance(first, second) / 3
    assert distance(second, third) / scale == pytest.approx(4, abs=0.01)
    assert distance(first, third) / scale == pytest.approx(5, abs=0.01)
    assert distance(first, fourth) / scale == pytest.approx(4, abs=0.01)
    assert drawn.explained == pytest.approx(1, abs=0.001)
    assert max(max(abs(point.x), abs(point.y)) for point in drawn.points) == 1
    assert sum(point.x for point in drawn.points) == pytest.approx(0, abs=0.01)


def test_texts_of_one_theme_lie_together() -> None:
    texts = [*CLASSES["kitchen"], *CLASSES["дождь"]]
    vectors = [vector for text in texts if (vector := embed(EmbeddingSettings(), text))]

    drawn = project(vectors)
    sides = {tuple(point.x > 0 for point in points) for points in (drawn.points[:4], drawn.points[4:])}

    assert 0 < drawn.explained < 1
    assert project(vectors) == drawn
    assert sides == {(True,) * 4, (False,) * 4}


@pytest.mark.parametrize("vectors", [[[1.0, 2.0]], [[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]], ids=["one", "all the same"])
def test_what_does_not_differ_is_one_point(vectors: list[list[float]]) -> None:
    drawn = project(packed(*vectors))

    assert drawn.points == (Point(x=0, y=0),) * len(vectors)
    assert drawn.explained == 1
