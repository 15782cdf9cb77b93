"""A real HTTP server that speaks the OpenAI chat API and answers from a script.

In tests: `with ScriptedLlm([Step(reply="…")]) as llm:`, and the client talks to `llm.base_url`. By itself, with a JSON
list of steps in a file: `python -m warren.testing.scripted_llm --script steps.json --port 9000`.
"""

import argparse
import asyncio
import json
import re
import signal
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, TypeAdapter

WAIT_SECONDS = 30.0


class Step(BaseModel):
    """One answer. Of the steps with `times` left and `when` in the request's text, the first is taken.

    It waits `delay` seconds; then `disconnect` drops the connection without a word, `malformed` sends half a JSON
    document, a `status` other than 200 sends an error (with `retry_after` seconds), else `reply` is the model's text.
    Who asks for a stream gets it word for word; `disconnect` and `malformed` then come after `breaks_after` words.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    reply: str = ""
    status: int = 200
    retry_after: float | None = None
    delay: float = 0.0
    disconnect: bool = False
    malformed: bool = False
    truncated: bool = False
    prompt_tokens: int = 100
    completion_tokens: int = 20
    cost: float | None = None
    """What the endpoint says it cost, as OpenRouter does."""
    breaks_after: int = 0
    pause: float = 0.0
    """Seconds between the words of a stream."""
    when: str = ""
    times: int | None = 1
    """How often it may be taken; None is for ever."""


@dataclass(frozen=True)
class RecordedRequest:
    """A chat request as it came: header names in lower case; `at` is `time.monotonic()`."""

    body: dict[str, Any]
    headers: dict[str, str]
    at: float

    @property
    def text(self) -> str:
        """The contents of all its messages."""
        return "\n".join(message["content"] for message in self.body["messages"])


class ScriptedLlm:
    """The server: listens on 127.0.0.1 while entered; `port` 0 takes a free one. `requests` is what came, in order."""

    def __init__(self, steps: Iterable[Step] = (), *, port: int = 0) -> None:
        self.requests: list[RecordedRequest] = []
        self._steps = list(steps)
        self._taken = [0] * len(self._steps)
        self._changed = threading.Condition()
        self.closing = threading.Event()
        self._port = port

    def __enter__(self) -> Self:
        script: ScriptedLlm = self

        class Handler(_Handler):
            llm = script

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._server.daemon_threads = True
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    def take(self, request: RecordedRequest) -> Step:
        """Record a request and choose its step; 400 when the script has none for it."""
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()
            for n, step in enumerate(self._steps):
                if step.when in request.text and (step.times is None or self._taken[n] < step.times):
                    self._taken[n] += 1
                    return step
        return Step(status=400, reply="the script has no step for this request")

    async def received(self, count: int) -> None:
        """Wait until `count` requests have come. Raises `TimeoutError` after `WAIT_SECONDS`."""
        if not await asyncio.to_thread(self._wait, count):
            raise TimeoutError(f"only {len(self.requests)} of {count} requests came")

    def _wait(self, count: int) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: len(self.requests) >= count, WAIT_SECONDS)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    llm: ScriptedLlm

    def do_GET(self) -> None:
        if self.path == "/v1/models":
            self._send(200, {"object": "list", "data": [{"id": "scripted", "object": "model"}]})
        else:
            self._send(404, _error(f"no such path {self.path}"))

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path != "/v1/chat/completions":
            self._send(404, _error(f"no such path {self.path}"))
            return
        body = json.loads(raw)
        step = self.llm.take(
            RecordedRequest(body, {name.lower(): value for name, value in self.headers.items()}, time.monotonic())
        )
        self.llm.closing.wait(step.delay)
        self._play(step, body)

    def _play(self, step: Step, body: dict[str, Any]) -> None:
        if body.get("stream") and step.status == 200 and (step.breaks_after or not (step.disconnect or step.malformed)):
            self._stream(step, body["model"])
        elif step.disconnect:
            self.close_connection = True
        elif step.malformed:
            self._write(200, b'{"id": "chatcmpl-1", "choices": [{"mess', {})
        elif step.status != 200:
            headers = {} if step.retry_after is None else {"Retry-After": f"{step.retry_after:g}"}
            self._send(step.status, _error(step.reply or "scripted failure"), headers)
        else:
            self._send(200, _completion(step, body["model"]))

    def _stream(self, step: Step, model: str) -> None:
        self.close_connection = True  # which is how this stream ends
        words = re.findall(r"\S+\s*", step.reply)
        broken = step.disconnect or step.malformed
        try:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for word in words[: step.breaks_after] if broken else words:
                self._write_chunk(_event(_chunk(model, word)))
                self.llm.closing.wait(step.pause)
            if step.malformed:
                self._write_chunk(b'data: {"choices": [{"del\n\n')
            if step.disconnect:
                return
            self._write_chunk(_event(_chunk(model, "", "length" if step.truncated else "stop")))
            self._write_chunk(_event({**_chunk(model, ""), "choices": [], "usage": _usage(step)}))
            self._write_chunk(b"data: [DONE]\n\n")
            self.wfile.write(b"0\r\n\r\n")
        except ConnectionError:
            return

    def _write_chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.wfile.flush()

    def _send(self, status: int, content: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        self._write(status, json.dumps(content).encode(), headers or {})

    def _write(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        try:
            self.send_response(status)
            for name, value in {
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                **headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:  # the client timed out or was cancelled, as some scripts intend
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Keep quiet: `requests` is the record."""


def _error(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "scripted", "code": None, "param": None}}


def _completion(step: Step, model: str) -> dict[str, Any]:
    return {
        "id": "chatcmpl-scripted",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [
            {
                "index": 0,
                "finish_reason": "length" if step.truncated else "stop",
                "message": {"role": "assistant", "content": step.reply},
            }
        ],
        "usage": _usage(step),
    }


def _usage(step: Step) -> dict[str, Any]:
    return {
        "prompt_tokens": step.prompt_tokens,
        "completion_tokens": step.completion_tokens,
        "total_tokens": step.prompt_tokens + step.completion_tokens,
        **({} if step.cost is None else {"cost": step.cost}),
    }


def _chunk(model: str, text: str, finish: str | None = None) -> dict[str, Any]:
    return {
        "id": "chatcmpl-scripted",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}],
    }


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"


def main() -> None:
    """Serve a script from a file until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(description="An OpenAI-compatible endpoint that answers from a script")
    parser.add_argument("--script", type=Path, required=True, help="JSON file: a list of steps")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    options = parser.parse_args()
    steps = TypeAdapter(list[Step]).validate_json(options.script.read_bytes())
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with ScriptedLlm(steps, port=options.port) as llm:
        print(llm.base_url, flush=True)
        stopped.wait()


if __name__ == "__main__":
    main()
