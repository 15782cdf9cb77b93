"""Reading 100 MB of CSV, against pandas that is told what the file holds. The goal: below 15 s and 1.5 GB.

Ours finds encoding, delimiter, decimal sign, kinds and date formats by itself, starts no thread and keeps account of
bad lines; the reference is given all of that. Each reads in a process of its own, which tells its peak memory.
"""

import json
import random
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

ROWS = 1_000_000
TURNS = 3

MEASURE = """
import json, resource, sys, time
from pathlib import Path
import pandas as pd
from analyzer.reading import profile_frame, read_table
path = Path(sys.argv[1])
started = time.perf_counter()
frame = {read}
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
started = time.perf_counter()
profile_frame(frame)
profile = time.perf_counter() - started
print(json.dumps(dict(seconds=seconds, peak=peak, profile=profile, rows=len(frame))))
"""
OURS = "read_table(path, name=path.name)[0]"


@dataclass(frozen=True)
class File:
    """A file to generate, and how a person who knows it reads it with pandas."""

    title: str
    encoding: str
    header: str
    row: str
    reference: str


FILES = (
    File(
        title="UTF-8, commas",
        encoding="utf-8",
        header="id,day,at,region,product,price,sold,remark\n",
        row="{n},{at:%Y-%m-%d},{at:%Y-%m-%d %H:%M:%S},{region},item {item},{price:.2f},{sold},"
        "remark {big} on this sale {n}\n",
        reference="pd.read_csv(path, parse_dates=['day', 'at'])",
    ),
    File(
        title="cp1251, semicolons, 31.12.2020, 1 234,56",
        encoding="cp1251",
        header="номер;день;время;регион;товар;цена;продано;примечание\n",
        row="{n};{at:%d.%m.%Y};{at:%d.%m.%Y %H:%M:%S};{region};товар {item};{spaced};{sold};"
        "примечание {big} к продаже {n}\n",
        reference="pd.read_csv(path, sep=';', encoding='cp1251', decimal=',', thousands=' ',"
        " parse_dates=['день', 'время'], dayfirst=True)",
    ),
)


def write(file: File, path: Path) -> None:
    dice = random.Random(1)
    start = datetime(2015, 1, 1)  # noqa: DTZ001 - files have no zone
    with path.open("w", encoding=file.encoding) as out:
        out.write(file.header)
        for n in range(ROWS):
            price = dice.random() * 9000
            out.write(
                file.row.format(
                    n=n,
                    at=start + timedelta(minutes=2 * n),
                    region=dice.choice(("North", "South", "East", "West")),
                    item=dice.randint(1, 5000),
                    price=price,
                    spaced=f"{price:,.2f}".replace(",", " ").replace(".", ","),
                    sold=dice.randint(1, 99),
                    big=dice.randint(1, 10**9),
                )
            )


def measure(path: Path, read: str) -> dict[str, float]:
    """Seconds and megabytes of one reading in a fresh process."""
    code = MEASURE.format(read=read)
    run = subprocess.run([sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True)
    measured: dict[str, float] = json.loads(run.stdout)
    return measured


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number, file in enumerate(FILES):
            path = Path(folder) / f"{number}.csv"
            write(file, path)
            print(f"{file.title}: {path.stat().st_size / 1e6:.0f} MB, {ROWS:,} rows")
            # in turns, so that a busy machine slows both
            runs = [(measure(path, OURS), measure(path, file.reference)) for _ in range(TURNS)]
            ours, reference = (min(side, key=lambda run: run["seconds"]) for side in zip(*runs, strict=True))
            for name, best in (("ours", ours), ("pandas, told", reference)):
                print(f"  {name:12} {best['seconds']:6.2f} s  peak {best['peak']:5.0f} MB")
            print(f"  ratio {ours['seconds'] / reference['seconds']:.2f}; profile {ours['profile']:.2f} s")


if __name__ == "__main__":
    main()
