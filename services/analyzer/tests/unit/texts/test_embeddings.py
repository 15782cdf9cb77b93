"""What vectors promise: length, determinism, and that alike texts lie near each other."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from json import dumps, loads
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.texts.embeddings import EmbeddingSettings, load
from warren.errors import JobError, TransientError

from .samples import CLASSES, SONG, SONG_RU

HASHING = load(EmbeddingSettings())
GOLDEN_PLACES = [201, 29]
GOLDEN_VALUES = [0.8, -0.2]
ODD = ["", " \n", "word", "😀", "سلام عليكم", "\ud800", "1 2 3", "the and of"]


def test_rows_have_length_one_or_are_zeros_for_nothing() -> None:
    rows = HASHING.embed([*ODD, SONG])
    assert rows.shape == (len(ODD) + 1, 384)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx([0, 0, 1, 1, 1, 1, 1, 1, 1], abs=1e-6)
    assert HASHING.embed([]).shape == (0, 384)


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_any_text_has_a_vector(text: str) -> None:
    length = float(np.linalg.norm(HASHING.embed([text])))
    assert length == pytest.approx(1, abs=1e-6) or not text.strip()


def test_a_text_has_one_vector_whatever_is_beside_it_and_in_every_process() -> None:
    alone = HASHING.embed([SONG_RU])[0]
    assert (HASHING.embed([SONG, "other", SONG_RU])[2] == alone).all()
    program = (
        "import sys; from analyzer.texts.embeddings import *;"
        "sys.stdout.write(load(EmbeddingSettings()).embed([sys.argv[1]]).tobytes().hex())"
    )
    elsewhere = subprocess.run([sys.executable, "-c", program, SONG_RU], capture_output=True, text=True, check=True)
    assert elsewhere.stdout == alone.tobytes().hex()


def test_the_vectors_of_version_1_stay_as_they_are() -> None:
    row = HASHING.embed(["carry me home"])[0]
    assert [int(place) for place in np.argsort(-np.abs(row), kind="stable")[:2]] == GOLDEN_PLACES
    assert row[GOLDEN_PLACES] == pytest.approx(GOLDEN_VALUES, abs=1e-6)


def test_near_duplicates_are_each_others_nearest() -> None:
    originals = [SONG, SONG_RU, *("\n".join(texts) for texts in CLASSES.values())]
    changed = [text.replace(text.splitlines()[0], "something else entirely") for text in originals]
    rows = HASHING.embed([*originals, *changed])
    likeness = rows @ rows.T
    np.fill_diagonal(likeness, -1)
    count = len(originals)
    assert likeness.argmax(axis=1).tolist() == [*range(count, 2 * count), *range(count)]


def test_texts_of_one_class_are_nearest_far_more_often_than_by_chance() -> None:
    labels = [label for label, texts in CLASSES.items() for _ in texts]
    rows = HASHING.embed([text for texts in CLASSES.values() for text in texts])
    likeness = rows @ rows.T
    np.fill_diagonal(likeness, -1)
    right = sum(labels[near] == label for label, near in zip(labels, likeness.argmax(axis=1), strict=True))
    # By chance: 3 of the 15 others.
    assert right / len(labels) >= 0.85


def test_forms_of_one_word_are_alike() -> None:
    one, other, foreign = HASHING.embed(["осенний", "осенняя", "велосипед"])
    assert float(one @ other) > 0.2 > float(one @ foreign) + 0.1


def test_an_unknown_engine_and_a_missing_package_are_told() -> None:
    with pytest.raises(ValueError, match="WARREN_EMBEDDER=nowhere"):
        load(EmbeddingSettings(embedder="nowhere"))
    if find_spec("sentence_transformers") is None:
        with pytest.raises(ValueError, match="sentence_transformers"):
            load(EmbeddingSettings(embedder="sentence-transformers", embedding_model="some/model"))


def test_choosing_loads_nothing_heavy_before_an_engine_is_made() -> None:
    program = (
        "import sys, analyzer.texts, analyzer.texts.embeddings, warren.contracts.texts;"
        "print([name for name in ('numpy', 'sklearn', 'py3langid', 'openai') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


class _Endpoint(BaseHTTPRequestHandler):
    """Sends each text's length in the first dimension, last text first; texts that name a status get that one."""

    def do_POST(self) -> None:
        asked = loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = int(asked["input"][0]) if asked["input"][0].isdigit() else 200
        rows = [
            {
                "object": "embedding",
                "index": place,
                "embedding": [float(len(text)), 1.0] + [0.0] * (asked["dimensions"] - 2),
            }
            for place, text in enumerate(asked["input"])
        ]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        reply = {"object": "list", "model": asked["model"], "data": rows[::-1], "usage": usage}
        body = dumps(reply if status == 200 else {"error": {"message": "no"}}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  its name in the base class
        """Nothing on the screen."""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[EmbeddingSettings]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/v1"
    yield EmbeddingSettings(embedder="openai", embedding_model="m", embedding_base_url=address, embedding_dimensions=8)
    server.shutdown()
    server.server_close()


def test_an_endpoint_is_asked_in_parts_and_its_order_is_restored(endpoint: EmbeddingSettings) -> None:
    embedder = load(endpoint)
    rows = embedder.embed(["", *("x" * size for size in range(1, 41))])
    assert embedder.version == "m-8"
    assert rows.shape == (41, 8)
    assert not rows[0].any()
    assert rows[1:, 0] / rows[1:, 1] == pytest.approx(range(1, 41), rel=1e-4)


def test_what_an_endpoint_refuses_is_told_apart_from_what_may_pass(endpoint: EmbeddingSettings) -> None:
    embedder = load(endpoint)
    with pytest.raises(TransientError) as passing:
        embedder.embed(["503"])
    with pytest.raises(JobError) as refused:
        embedder.embed(["401"])
    codes = (passing.value.code, refused.value.code)
    assert codes == ("analyzer.embedding_unavailable", "analyzer.embedding_refused")


def test_an_endpoint_without_a_model_is_refused(endpoint: EmbeddingSettings) -> None:
    with pytest.raises(ValueError, match="WARREN_EMBEDDING_MODEL"):
        load(endpoint.model_copy(update={"embedding_model": ""}))
