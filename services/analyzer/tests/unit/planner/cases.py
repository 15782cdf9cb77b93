"""The questions of `questions/*.txt`: one per line, `question => expected | chart`, follow-ups joined by `>>`.

`expected` is pandas code over `df`, `None` (an answer must come, whatever it is) or `CANNOT`. `chart` names the kinds
any of which must be drawn, with the number of lines if given.
"""

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "questions"


@dataclass(frozen=True)
class Case:
    table: str
    questions: tuple[str, ...]
    expected: str
    charts: frozenset[str] = frozenset()
    lines: int | None = None

    def __str__(self) -> str:
        return f"{self.table}: {' >> '.join(self.questions)}"


def load(name: str) -> list[Case]:
    """All cases of one file."""
    cases: list[Case] = []
    table = ""
    for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            table = line[2:].strip()
        elif line.strip():
            cases.append(_case(table, line))
    return cases


def _case(table: str, line: str) -> Case:
    questions, _, rest = line.partition(" => ")
    expected, _, drawn = rest.rpartition(" | ") if " | " in rest else (rest, "", "")
    if drawn and not drawn.split()[0].replace("/", "").isalpha():
        expected, drawn = rest, ""
    kinds, *count = drawn.split() or [""]
    return Case(
        table,
        tuple(question.strip() for question in questions.split(">>")),
        expected.strip(),
        frozenset(kinds.split("/")) - {""},
        int(count[0]) if count else None,
    )
