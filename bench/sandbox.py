"""A run in the sandbox, against the same analysis in a fresh, unprotected Python. The goal: p50 below 60 ms.

The reference is what starting an interpreter for each analysis costs: `python -c` that imports pandas, reads the same
20,000 rows, and runs the same code. Both are run in turns, so that a busy machine slows both.
"""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import pyarrow as pa

from analyzer.sandbox import Sandbox, SandboxLimits

WARM_RUNS_A_TURN = 15
TURNS = 8

ANALYSES = {
    "trivial": "answer = 'hello'",
    "group-by of 20,000 rows": "result = df.groupby('region').agg(qty=('qty', 'sum'), price=('price', 'mean'))",
    "bar chart": "df.groupby('product')['qty'].sum().plot(kind='bar', title='Sales')",
}
COLD = """
import matplotlib
matplotlib.use("Agg")
import io, matplotlib.pyplot as plt, numpy as np, pandas as pd, pyarrow as pa
df = pa.ipc.open_file({frame!r}).read_all().to_pandas()
{code}
for number in plt.get_fignums():
    plt.figure(number).savefig(io.BytesIO(), format="png")
"""


def write_frame(path: Path) -> None:
    rows = 20_000
    frame = pd.DataFrame(
        {
            "date": pd.date_range("2020-01-01", periods=rows, freq="h"),
            "region": ["North", "South", "East", "West"] * (rows // 4),
            "product": ["tea", "coffee", "cocoa", "juice", "water"] * (rows // 5),
            "qty": range(rows),
            "price": [number % 97 / 7 for number in range(rows)],
        }
    )
    table = pa.Table.from_pandas(frame)
    with pa.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table)


def cold(code: str, frame: Path) -> float:
    """Milliseconds of one analysis in an interpreter of its own."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-I", "-c", COLD.format(frame=str(frame), code=code)], check=True)
    return (time.perf_counter() - started) * 1000


async def warm(sandbox: Sandbox, code: str, frame: Path) -> float:
    """Milliseconds of one analysis in the sandbox, as its caller waits for it."""
    started = time.perf_counter()
    result = await sandbox.run(code, frame)
    if result.outcome != "ok":
        raise RuntimeError(f"the run failed: {result.error}")
    return (time.perf_counter() - started) * 1000


async def at_once(sandbox: Sandbox, code: str, frame: Path, count: int) -> float:
    """Runs a second when `count` of them are always waiting."""
    started = time.perf_counter()
    await asyncio.gather(*(sandbox.run(code, frame) for _ in range(count)))
    return count / (time.perf_counter() - started)


async def measure() -> None:
    with tempfile.TemporaryDirectory() as folder:
        frame = Path(folder) / "frame.arrow"
        write_frame(frame)
        started = time.perf_counter()
        async with Sandbox(SandboxLimits()) as sandbox:
            print(f"tier {sandbox.tier}; started and attacked in {time.perf_counter() - started:.2f} s")
            for name, code in ANALYSES.items():
                warm_times: list[float] = []
                cold_times: list[float] = []
                for _ in range(TURNS):
                    cold_times.append(await asyncio.to_thread(cold, code, frame))
                    warm_times += [await warm(sandbox, code, frame) for _ in range(WARM_RUNS_A_TURN)]
                report(name, warm_times, cold_times)
            rate = await at_once(sandbox, ANALYSES["group-by of 20,000 rows"], frame, 60)
            print(f"{'group-by, many at once':<26} {rate:.1f} runs/s, {sandbox.limits.concurrency} at a time")


def report(name: str, warm_times: list[float], cold_times: list[float]) -> None:
    p50, p95 = (statistics.quantiles(warm_times, n=20)[index] for index in (9, 18))
    reference = statistics.median(cold_times)
    print(
        f"{name:<26} sandbox p50 {p50:6.1f} ms, p95 {p95:6.1f} ms; fresh Python p50 {reference:7.1f} ms; "
        f"ratio {reference / p50:5.1f}"
    )


def main() -> None:
    asyncio.run(measure())


if __name__ == "__main__":
    main()
