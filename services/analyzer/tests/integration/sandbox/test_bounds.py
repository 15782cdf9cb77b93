"""What takes too long, or too much, is stopped and said so; the layer or cap that stops it is what stops it."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.sandbox import Sandbox
from analyzer.sandbox.limits import Layer

if TYPE_CHECKING:
    from .conftest import Laboratory

pytestmark = pytest.mark.asyncio(loop_scope="module")

ENDLESS = {
    "loop": "while True: pass",
    "sleep": "import time; time.sleep(1000)",
    "regular expression": "import re; re.match(r'(a+)+$', 'a' * 60 + 'b')",
    "one long call": "x = 3 ** 10 ** 9",
    "loop that ignores signals": """
import signal
for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
while True: pass
""",
    "loop that catches everything": """
while True:
    try:
        while True: pass
    except BaseException: pass
""",
    "answer that never becomes text": """
class Answer:
    def __str__(self):
        while True: pass
answer = Answer()
""",
    "error that never becomes text": """
class Endless(Exception):
    def __str__(self):
        while True: pass
raise Endless
""",
    "reply and then a loop": """
import os, struct
reply = b'{"outcome": "ok"}'
for line in range(3, 64):
    try: os.write(line, struct.pack("!I", len(reply)) + reply)
    except OSError: pass
while True: pass
""",
}


@pytest.mark.parametrize("name", ENDLESS)
async def test_watchdog_ends_what_does_not_end(name: str, laboratory: "Laboratory", sales: Path) -> None:
    started = time.monotonic()
    result = await laboratory.run(ENDLESS[name], sales, wall=0.7, without={Layer.gate})
    assert result.outcome == "timeout"
    assert time.monotonic() - started < 3


async def test_a_slow_run_is_let_be_within_its_time(laboratory: "Laboratory", sales: Path) -> None:
    result = await laboratory.run("import time; time.sleep(1); result = 1", sales, wall=10)
    assert result.value == 1


@pytest.mark.parametrize("name", ["loop", "loop that ignores signals", "loop that catches everything"])
async def test_processor_limit_ends_a_loop_that_the_watchdog_misses(
    name: str, laboratory: "Laboratory", sales: Path
) -> None:
    result = await laboratory.run(ENDLESS[name], sales, wall=60, cpu=1, without={Layer.gate})
    assert result.outcome == "timeout"
    assert "processor time" in (result.error or "")


async def test_processor_limit_is_a_layer(laboratory: "Laboratory", sales: Path) -> None:
    code = "import time\nwhile time.process_time() < 1.5: pass\nresult = 1"
    held = await laboratory.run(code, sales, wall=60, cpu=1)
    free = await laboratory.run(code, sales, wall=60, cpu=1, without={Layer.rlimits})
    assert (held.outcome, free.outcome) == ("timeout", "ok")


async def test_timeout_of_one_run_is_its_own(sandbox: Sandbox, sales: Path) -> None:
    assert (await sandbox.run("while True: pass", sales, timeout=0.3)).outcome == "timeout"


async def test_output_is_cut_at_64_kilobytes(sandbox: Sandbox, sales: Path) -> None:
    result = await sandbox.run("for _ in range(300): print('x' * 1_000_000)\nanswer = 'done'", sales)
    assert (result.outcome, result.answer, len(result.stdout)) == ("ok", "done", 64 * 1024)


@pytest.mark.parametrize(
    "code",
    [
        "answer = 'x' * 60_000_000",
        "result = {'all': ['y' * 9_000] * 1_000}",
        "tables = {str(n): df for n in range(500)}",
        "result = pd.DataFrame(np.random.default_rng(0).random((1000, 500)))",
    ],
)
async def test_result_above_the_cap_is_told_with_a_remedy(code: str, sandbox: Sandbox, sales: Path) -> None:
    result = await sandbox.run(code, sales)
    assert result.outcome == "output"
    assert "aggregate" in (result.error or "")


async def test_flood_on_the_line_is_cut(laboratory: "Laboratory", sales: Path) -> None:
    code = """
import os
while True:
    for line in range(3, 64):
        try: os.write(line, b"x" * 65536)
        except OSError: pass
"""
    result = await laboratory.run(code, sales, without={Layer.gate}, wall=20)
    assert result.outcome == "output"


async def test_number_of_pictures_is_capped(sandbox: Sandbox, sales: Path) -> None:
    result = await sandbox.run("for _ in range(30): plt.subplots(figsize=(1, 1))", sales)
    assert (result.outcome, len(result.plots)) == ("ok", sandbox.limits.pictures)


async def test_giant_figure_is_drawn_small(sandbox: Sandbox, sales: Path) -> None:
    result = await sandbox.run("plt.figure(figsize=(4000, 4000)); plt.plot([1, 2])", sales)
    assert result.outcome == "ok"
    png = result.plots[0].png
    assert int.from_bytes(png[16:20], "big") * int.from_bytes(png[20:24], "big") < 5_000_000


@pytest.mark.parametrize(
    "code",
    [
        "import os; os._exit(0)",
        "import os; os.abort()",
        "import ctypes; ctypes.string_at(0)",
        "import os; os.closerange(0, 64)",
    ],
)
async def test_run_that_ends_without_a_result_has_died(code: str, laboratory: "Laboratory", sales: Path) -> None:
    result = await laboratory.run(code, sales, without={Layer.gate})
    assert result.outcome == "died"
    assert result.error


@pytest.mark.parametrize(
    "code",
    [
        "raise SystemExit(3)",
        "raise KeyboardInterrupt",
        "def f(): f()\nf()",
        "result = []\nfor _ in range(100_000): result = [result]",
        "result = 10 ** 5000",
        "tables = 5",
        "class E(Exception):\n    def __str__(self): raise ValueError\nraise E",
    ],
)
async def test_whatever_the_code_raises_is_an_error(code: str, sandbox: Sandbox, sales: Path) -> None:
    result = await sandbox.run(code, sales)
    assert result.outcome == "error", result
    assert result.error


@pytest.mark.parametrize("code", ["(" * 5000 + ")" * 5000, "x = 1\n" * 5000, "-" * 19_000 + "1"])
async def test_absurd_code_is_refused_or_an_error(code: str, sandbox: Sandbox, sales: Path) -> None:
    assert (await sandbox.run(code, sales)).outcome in ("refused", "error")
