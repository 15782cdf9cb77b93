"""Engines: found by name, and the OpenAI-compatible one against a real HTTP server."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from transcriber.engines import Recognition, RecognizedWord, load
from transcriber.errors import EngineUnavailable
from transcriber.settings import TranscriberSettings

from ..speech import dialog

VERBOSE = {
    "text": " He was not ill. ",
    "language": "en",
    "duration": 1.5,
    "words": [{"word": "He", "start": 0.1, "end": 0.3}, {"word": "was", "start": 0.3, "end": 0.5}],
    "segments": [
        {"id": 0, "seek": 0, "start": 0.1, "end": 1.1, "text": "He was not ill.", "tokens": [], "temperature": 0.0,
         "avg_logprob": -0.5, "compression_ratio": 1.0, "no_speech_prob": 0.0}
    ],
}  # fmt: skip


class Endpoint:
    """Answers transcription requests from a list of statuses and bodies; keeps what was asked."""

    def __init__(self, answers: list[tuple[int, dict[str, Any]]]) -> None:
        self.asked: list[bytes] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                endpoint.asked.append(self.rfile.read(int(self.headers["content-length"])))
                status, body = answers[min(len(endpoint.asked), len(answers)) - 1]
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def settings(self) -> TranscriberSettings:
        url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        return TranscriberSettings(engine="openai", speech_base_url=url, speech_model="tiny")


@pytest.fixture
def endpoints() -> Iterator[list[Endpoint]]:
    made: list[Endpoint] = []
    yield made
    for endpoint in made:
        endpoint.server.shutdown()
        endpoint.server.server_close()


def test_words_do_not_depend_on_what_was_recognised_before() -> None:
    engine = load(TranscriberSettings(engine="pocketsphinx"))
    sentence = dialog()[33_280:130_000]
    alone = engine.recognise(sentence, None, None)
    engine.recognise(sentence[:28_800], None, None)

    assert alone.words
    assert engine.recognise(sentence, None, None) == alone


def test_an_endpoint_is_asked_for_words_with_their_times(endpoints: list[Endpoint]) -> None:
    endpoints.append(Endpoint([(200, VERBOSE)]))
    heard = load(endpoints[0].settings).recognise(bytes(3200), "en", "Dashwood")

    assert heard.text == "He was not ill."
    assert heard.words == (RecognizedWord("He", 0.1, 0.3), RecognizedWord("was", 0.3, 0.5))
    assert heard.confidence == pytest.approx(0.6065, abs=0.001)
    (asked,) = endpoints[0].asked
    for part in (b"RIFF", b"tiny", b"Dashwood", b"verbose_json", b"word"):
        assert part in asked


def test_an_endpoint_that_knows_only_text_is_asked_for_that(endpoints: list[Endpoint]) -> None:
    endpoints.append(Endpoint([(400, {"error": {"message": "no verbose_json"}}), (200, {"text": "Hello."})]))
    engine = load(endpoints[0].settings)

    assert engine.recognise(bytes(3200), None, None) == Recognition("Hello.")
    assert engine.recognise(bytes(3200), None, None) == Recognition("Hello.")
    assert len(endpoints[0].asked) == 3


def test_an_endpoint_that_is_busy_is_unavailable(endpoints: list[Endpoint]) -> None:
    endpoints.append(Endpoint([(503, {"error": {"message": "busy"}})]))

    with pytest.raises(EngineUnavailable):
        load(endpoints[0].settings).recognise(bytes(3200), None, None)


@pytest.mark.parametrize("name", ["nothing", "transcriber.engines:Nobody", "no.such.module:Engine"])
def test_an_engine_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(ValueError, match="WARREN_ENGINE"):
        load(TranscriberSettings(engine=name))
