"""`gateway` at an operator's terminal."""

import subprocess
import sys
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("gateway")


def test_a_database_that_is_away_is_one_sentence() -> None:
    done = subprocess.run(
        [PROGRAM, "keys", "list"], env={"WARREN_DATABASE_URL": "postgresql+asyncpg://p@127.0.0.1:1/w"},
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("PostgreSQL cannot be reached (WARREN_DATABASE_URL): ")
    assert done.stderr.count("\n") == 1
