"""The program against a server that drops streams, refuses, or is not there."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol

import pytest

from warren_cli.main import main

PROGRAM = Path(sys.executable).with_name("warren")
SECONDS = 60.0
JOB = {
    "id": "job_1", "kind": "digest.chat", "status": "completed", "session_id": None, "error": None,
    "result": {"reply": "They \x1b[31mcome and go.", "listed": 0},
}  # fmt: skip
TEXT = {
    "track_id": "song-17",
    "excerpt": "The waves",
    "features": {"words": 2, "language": None, "topics": ["waves"]},
    "llm_analysis": {"themes": ["the sea", "home"], "mood": "calm", "explicit": False, "model": "some/model"},
}


class Server(ThreadingHTTPServer):
    """One job. Its first stream of events drops after the first event; with `silent` the second says nothing."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.silent = False
        self.asked: list[tuple[str, str]] = []
        """Each request, with its Last-Event-ID."""
        self.following = threading.Event()
        """Set when the second stream began."""
        self.cancelled = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        position = self._note()
        if self.path.startswith("/elsewhere"):
            self._answer(200, ["a list"])
            return
        if self.path.startswith("/v1/texts/"):
            self._answer(200, TEXT)
            return
        if not self.path.endswith("/events"):
            self._answer(200, JOB)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        if not position:
            self._event("1-1", "started")
            return
        self.server.following.set()
        if self.server.silent:
            self.server.cancelled.wait(SECONDS)
            return
        self._event("1-2", "progress", {"message": "writing…", "attempt": 2, "of": 3, "percent": 50})
        self._event("1-3", "completed")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._note()
        if self.headers["Authorization"] == "Bearer bad":
            problem = {"detail": "Send a valid API key.", "code": "key.invalid"}
            self._answer(401, problem)
            return
        if self.path.endswith("/cancel"):
            self.server.cancelled.set()
        self._answer(202, JOB)

    def _note(self) -> str:
        position = self.headers.get("Last-Event-ID", "")
        self.server.asked.append((f"{self.command} {self.path}", position))
        return position

    def _answer(self, status: int, document: Any) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _event(self, event_id: str, event: str, data: Any = None) -> None:
        document = json.dumps({"id": event_id, "event": event, "data": data or {}})
        self.wfile.write(f"id: {event_id}\nevent: {event}\ndata: {document}\n\n".encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class calls it so
        """Not on the tests' output."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


HEAR_CTRL_C = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Tests that a script started in the background ignore it, and so would what they start."""


def start(url: str, *arguments: str) -> subprocess.Popen[str]:
    environment = {"WARREN_URL": url, "PYTHONUTF8": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", HEAR_CTRL_C, PROGRAM, *arguments], env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


class Run(Protocol):
    """Calls the program in this process: its exit code, standard output and standard error."""

    def __call__(self, url: str, *arguments: str) -> tuple[Any, str, str]: ...


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    def call(url: str, *arguments: str) -> tuple[Any, str, str]:
        monkeypatch.setenv("WARREN_URL", url)
        monkeypatch.setattr("sys.argv", ["warren", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code or 0, *capsys.readouterr()

    return call


def test_a_stream_that_drops_goes_on_behind_the_last_event(server: Server, run: Run) -> None:
    code, out, err = run(server.url, "chat", "How do tides work?")

    assert code == 0, err
    assert out == "They �[31mcome and go.\n", "nothing steers the terminal"
    assert err.splitlines() == ["Started…", "Attempt 2/3: writing…"]
    events = [position for request, position in server.asked if request.endswith("/events")]
    assert events == ["", "1-1"]


def test_ctrl_c_cancels_the_job_and_says_so(server: Server) -> None:
    server.silent = True
    with start(server.url, "chat", "How do tides work?") as process:
        assert server.following.wait(SECONDS)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=SECONDS)

    assert process.returncode == 130
    assert err.endswith("warren: interrupted; asked to cancel job_1\n")
    assert ("POST /v1/jobs/job_1/cancel", "") in server.asked


def test_ctrl_c_while_watching_leaves_the_job_alone(server: Server) -> None:
    server.silent = True
    with start(server.url, "jobs", "watch", "job_1") as process:
        assert server.following.wait(SECONDS)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=SECONDS)
    server.cancelled.set()

    assert process.returncode == 130
    assert "The job goes on: warren jobs watch job_1" in err
    assert [request for request, _ in server.asked if request.startswith("POST")] == []


def test_a_text_is_shown_with_what_a_model_says_of_it(server: Server, run: Run) -> None:
    code, out, _ = run(server.url, "texts", "show", "song-17")

    assert code == 0
    shown = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert (shown["words"], shown["topics"], shown["themes"]) == ("2", "waves", "the sea, home")
    assert (shown["mood"], shown["explicit"]) == ("calm", "False")
    assert "model" not in shown


def test_texts_are_loaded_with_a_model_only_on_request(server: Server, run: Run, tmp_path: Path) -> None:
    (tmp_path / "songs.csv").write_text("track_id,text\na,la\n")
    for options in ((), ("--llm",)):
        run(server.url, "texts", "load", str(tmp_path / "songs.csv"), "--json", *options)

    posted = [asked for asked, _ in server.asked if asked.startswith("POST")]
    assert ["llm=true" in asked for asked in posted] == [False, True]


def test_a_key_that_is_refused_is_exit_code_3(server: Server, run: Run) -> None:
    code, out, err = run(server.url, "chat", "hello", "--key", "bad", "--json")

    assert (code, out) == (3, "")
    assert "answered 401: Send a valid API key. (key.invalid)" in err
    assert "WARREN_API_KEY" in err


def test_a_server_that_is_not_warren_is_exit_code_3(server: Server, run: Run) -> None:
    code, _, err = run(f"{server.url}/elsewhere", "jobs", "list")

    assert code == 3
    assert "answers no JSON" in err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["jobs", "list"], 3, "http://127.0.0.1:1 cannot be reached"),
        (["analyze", "no-such-file.csv", "why?"], 2, "no-such-file.csv cannot be read: No such file or directory."),
        (["--url", "example", "jobs", "list"], 2, "'example' is no address like http://127.0.0.1:8000"),
        (["transcribe", "a.wav", "--format", "doc"], 2, "invalid choice: 'doc'"),
        (["jobs", "list", "--limit", "0"], 2, "a number from 1 on"),
    ],
)
def test_errors_say_what_and_have_their_exit_code(arguments: list[str], code: int, said: str, run: Run) -> None:
    ended, out, err = run("http://127.0.0.1:1", *arguments)

    assert (ended, out) == (code, ""), err
    assert said in err


def test_completion_knows_every_command_and_help_needs_neither_httpx_nor_kombu(run: Run) -> None:
    code, out, err = run("", "completion", "bash")
    assert code == 0, err
    assert all(word in out for word in ("transcribe", "requeue", "--format", "srt"))

    watched = "import sys; sys.argv = ['warren', '--help']; from warren_cli.main import main\n"
    watched += (
        "try: main()\nexcept SystemExit: print(sorted({'httpx2', 'kombu', 'rich', 'pydantic'} & set(sys.modules)))"
    )
    helped = subprocess.run(
        [sys.executable, "-c", watched], capture_output=True, text=True, timeout=SECONDS, check=True
    )
    assert "analyze" in helped.stdout
    assert helped.stdout.endswith("[]\n")
