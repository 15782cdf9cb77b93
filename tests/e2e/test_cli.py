"""The program `warren` at a terminal, as docs/cli.md shows it."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import httpx2
import pytest

from warren.testing.processes import script

from .conftest import Suite

ROOT = Path(__file__).parents[2]
SPEECH = ROOT / "services" / "transcriber" / "tests" / "data" / "leisure.flac"
TABLE = "city,amount\nLyon,1\nLyon,3\nTurin,10\nTurin,20\n"
SONGS = {
    "sea": "The waves roll over the harbour and sailors sing of the stormy ocean",
    "sea-again": "The waves roll over the harbour and sailors dream of the stormy ocean",
    "snow": "Winter covers the mountains with snow and children build castles of ice",
}
SECONDS = 100.0
PNG = b"\x89PNG"


class Terminal:
    """Runs `warren` in a folder of its own."""

    def __init__(self, url: str, folder: Path) -> None:
        self._folder = folder
        plain = {name: value for name, value in os.environ.items() if not name.startswith("WARREN_")}
        self._environment = plain | {"WARREN_URL": url, "NO_PROXY": "127.0.0.1"}

    def warren(self, *arguments: str, sent: bytes = b"", code: int = 0) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(
            [script("warren"), *arguments], cwd=self._folder, env=self._environment, input=sent,
            capture_output=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        assert done.returncode == code, f"{arguments}: {done.returncode} {done.stdout!r} {done.stderr!r}"
        return done

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.warren(*arguments, "--json", code=code).stdout)


@pytest.fixture
def terminal(suite: Suite, tmp_path: Path) -> Terminal:
    (tmp_path / "sales.csv").write_text(TABLE)
    return Terminal(suite.url, tmp_path)


def test_a_question_gets_an_answer_a_plot_and_a_second_question(terminal: Terminal, tmp_path: Path) -> None:
    first = terminal.warren("analyze", "sales.csv", "plot total amount by city", "--out", "plots")
    assert b"30" in first.stdout
    assert b"\x1b" not in first.stdout + first.stderr, "no colours where nobody looks"
    assert b"Attempt 1/3" in first.stderr
    assert [path.read_bytes()[:4] for path in (tmp_path / "plots").iterdir()] == [PNG]

    _, _, command = first.stderr.decode().rpartition("Go on: warren ")
    _, file, _, _, session = command.split()
    second = terminal.json("--quiet", "analyze", file, "what is the average amount by city?", "--session", session)
    assert second["session_id"] == session
    assert "15" in second["result"]["answer"]


def test_a_job_that_failed_is_exit_code_1_and_says_why(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("city,amount\n")
    failed = terminal.warren("analyze", "empty.csv", "total amount", code=1)

    assert failed.stdout == b""
    assert b"(file.header_only)" in failed.stderr


def test_a_recording_comes_through_a_pipe(terminal: Terminal) -> None:
    done = terminal.warren("transcribe", "-", "--format", "srt", "--quiet", sent=SPEECH.read_bytes())

    assert done.stdout.startswith(b"1\n00:00:")
    assert done.stderr == b""


def test_texts_are_loaded_and_alike_ones_found(terminal: Terminal, suite: Suite, tmp_path: Path) -> None:
    with httpx2.Client(base_url=suite.url, timeout=SECONDS, trust_env=False) as http:
        for name in SONGS:  # a suite that others started may have them from the last time
            assert http.delete(f"/v1/texts/{name}").status_code in {204, 404}
    lines = [json.dumps({"track_id": name, "text": text}) for name, text in SONGS.items()]
    (tmp_path / "songs.ndjson").write_text("\n".join([*lines, "no JSON"]))

    loaded = terminal.warren("texts", "load", "songs.ndjson", "--errors", "bad.ndjson")
    assert b"3 texts: 3 stored, 0 unchanged, 0 duplicates, 1 failed" in loaded.stdout
    assert json.loads((tmp_path / "bad.ndjson").read_text())["line"] == 4
    assert terminal.json("texts", "similar", "sea")["data"][0]["track_id"] == "sea-again"
    assert terminal.json("texts", "search", "snow in winter", "--language", "en")["data"][0]["track_id"] == "snow"
    assert b"language             en" in terminal.warren("texts", "show", "sea").stdout
    refused = terminal.warren("texts", "load", "songs.ndjson", "--llm", code=1)
    assert b"(llm.not_configured)" in refused.stderr


def test_a_message_gets_a_reply_and_its_job_can_be_looked_at(terminal: Terminal) -> None:
    job = terminal.json("chat", "How do tides work?", "--user", "ada")
    reply = job["result"]["reply"]
    assert reply

    listed = terminal.json("jobs", "list", "--kind", "digest.chat", "--limit", "1")
    assert listed["kind"] == "digest.chat"
    shown = terminal.warren("jobs", "show", job["id"]).stdout.decode()
    assert reply.split()[0] in shown
    watched = [json.loads(line) for line in terminal.warren("jobs", "watch", job["id"], "--json").stdout.splitlines()]
    assert [watched[0]["event"], watched[-1]["event"]] == ["queued", "completed"]
    assert b"has ended already: completed" in terminal.warren("jobs", "cancel", job["id"]).stderr


def test_what_the_server_refuses_is_exit_code_3_in_its_words(terminal: Terminal) -> None:
    refused = terminal.warren("jobs", "show", "job_none", code=3)

    assert b"There is no job 'job_none', or it is not yours. (job.not_found)" in refused.stderr
