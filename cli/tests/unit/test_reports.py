"""What results look like, and where pictures go."""

from pathlib import Path

import pytest

from warren_cli import reports, terminal
from warren_cli.following import progress_line


def test_pictures_never_overwrite_files(tmp_path: Path) -> None:
    saved = [reports.save_new(tmp_path / "plot-1.png", data) for data in (b"one", b"two", b"three")]

    assert [path.name for path in saved] == ["plot-1.png", "plot-1-2.png", "plot-1-3.png"]
    assert [path.read_bytes() for path in saved] == [b"one", b"two", b"three"]


def test_a_table_in_a_pipe_has_every_column_whole_and_says_what_it_leaves_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = [[f"a city with a long name, number {n}" * 3, n / 3, None, "[bold]\x1b[2J"] for n in range(30)]
    terminal.write_table(["city", "share", "none", "text"], rows, total=1000)

    out = capsys.readouterr().out
    assert "a city with a long name, number 3" * 3 in out
    assert "0.333333" in out
    assert "[bold]�[2J" in out
    assert out.endswith("… and 980 more rows.\n")


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        ({"message": "Attempt 1/3: running…", "attempt": 1, "of": 3}, "Attempt 1/3: running…"),
        ({"message": "running…", "attempt": 2, "of": 3}, "Attempt 2/3: running…"),
        ({"message": "running…", "attempt": 2, "of": None}, "Attempt 2: running…"),
        ({"message": "listening…", "attempt": None}, "listening…"),
    ],
)
def test_progress_says_the_attempt_once(progress: dict[str, object], line: str) -> None:
    assert progress_line(progress) == line
