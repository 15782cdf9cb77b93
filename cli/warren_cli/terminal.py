"""Standard output for results, standard error for all else; colours only where somebody looks."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

MOST_ROWS = 20
WIDEST = 100_000
"""Characters of a line in a pipe, where no window limits it."""
_CONTROLS = {code: "�" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"}
"""What comes from files and models must not steer the terminal."""


def say(text: str) -> None:
    """A line for the person, not part of the result."""
    Console(stderr=True).print(Text(clean(text)), soft_wrap=True)


def write(text: str) -> None:
    """A result, as it is, with a line end."""
    sys.stdout.write(clean(text).rstrip("\n") + "\n")
    sys.stdout.flush()


def write_json(document: Any) -> None:
    """One line of JSON."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def write_table(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str = "", total: int = 0, most: int = MOST_ROWS
) -> None:
    """The first rows; `total` counts those that are not among them too. Pipes get every column at its full width."""
    table = Table(title=Text(clean(title)) if title else None, title_justify="left")
    for column in columns:
        table.add_column(Text(clean(column)), overflow="fold")
    for row in rows[:most]:
        table.add_row(*(Text(clean(_cell(value))) for value in row))
    console = Console()
    if not console.is_terminal:
        console = Console(width=Console(width=WIDEST).measure(table).maximum)
    console.print(table)
    left_out = max(total, len(rows)) - min(len(rows), most)
    if left_out:
        write(f"… and {left_out} more rows.")


def clean(text: str) -> str:
    """Without control characters, other than tabs and line ends."""
    return text.translate(_CONTROLS)


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


class Display:
    """How far a job is: a bar that moves on a terminal, elsewhere a line for each new message."""

    def __init__(self, progress: Progress | None, quiet: bool) -> None:
        self._progress = progress
        self._task = progress.add_task("Sending…", total=None) if progress else None
        self._quiet = quiet
        self._said = ""

    def show(self, message: str, percent: float | None = None) -> None:
        """A message, and how much is done, from 0 to 100."""
        message = clean(message)
        if self._progress is not None and self._task is not None:
            total = None if percent is None else 100  # to rich, None is: as before
            self._progress.update(self._task, description=message, total=total, completed=percent)
        elif message != self._said and not self._quiet:
            say(message)
        self._said = message


@contextmanager
def display(quiet: bool) -> Iterator[Display]:
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield Display(None, quiet)
        return
    description = TextColumn("{task.description}", markup=False)
    columns = (SpinnerColumn(), description, BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield Display(progress, quiet)
