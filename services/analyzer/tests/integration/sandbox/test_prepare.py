"""Uploaded files are read in a locked fork."""

import asyncio
import contextlib
import random
import zipfile
from pathlib import Path

import pandas as pd
import psutil
import pyarrow as pa
import pytest

from analyzer.sandbox import Sandbox, SandboxLimits
from warren.errors import JobError

pytestmark = pytest.mark.asyncio(loop_scope="module")


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def prepare(sandbox: Sandbox, source: Path, name: str = "") -> pd.DataFrame:
    target = source.with_suffix(".arrow")
    prepared = await sandbox.prepare(source, name=name or source.name, sheet=None, target=target)
    assert prepared.path == target
    frame: pd.DataFrame = pa.ipc.open_file(str(target)).read_all().to_pandas()
    assert prepared.report.rows == prepared.profile.rows == len(frame)
    return frame


async def test_file_becomes_a_frame_a_report_and_a_profile(sandbox: Sandbox, tmp_path: Path) -> None:
    source = tmp_path / "blob"
    source.write_bytes("город;цена\nОмск;1,5\nТомск;2,5\n".encode("cp1251"))
    target = tmp_path / "frame.arrow"
    prepared = await sandbox.prepare(source, name="цены.csv", sheet=None, target=target)
    assert (prepared.report.encoding, prepared.report.delimiter, prepared.report.decimal) == ("cp1251", ";", ",")
    assert [column.name for column in prepared.profile.columns] == ["город", "цена"]
    run = await sandbox.run("result = df['цена'].sum()", target)
    assert run.value == 4.0
    assert names_in(tmp_path) == ["blob", "frame.arrow"]


@pytest.fixture(scope="module")
def sales_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A million rows in a hundred megabytes."""
    chance = random.Random(0)
    rows = [
        f"2024-{n % 12 + 1:02}-{n % 28 + 1:02},{chance.choice(('North', 'South'))},item {n % 500:05},{n},"
        f"{chance.random() * 1000:.4f},{chance.randrange(10**9)},delivered to the customer in time and in full order\n"
        for n in range(20_000)
    ]
    path = tmp_path_factory.mktemp("large") / "sales.csv"
    assert path.write_text("date,region,product,n,price,number,note\n" + "".join(rows) * 50) > 95_000_000
    return path


@pytest.mark.parametrize("kind", ["csv", "tsv", "xlsx", "parquet", "jsonl"])
async def test_every_format_is_read_behind_the_lock(kind: str, sandbox: Sandbox, tmp_path: Path) -> None:
    frame = pd.DataFrame({"city": ["Omsk", "Tomsk"] * 20, "price": [1.5, 2.5] * 20})
    source = tmp_path / f"table.{kind}"
    write_sample(frame, source, kind)
    assert (await prepare(sandbox, source)).to_dict("list") == frame.to_dict("list")


def write_sample(frame: pd.DataFrame, path: Path, kind: str) -> None:
    if kind == "parquet":
        frame.to_parquet(path)
    elif kind == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    elif kind == "xlsx":
        write_workbook(frame, path)
    else:
        frame.to_csv(path, index=False, sep="\t" if kind == "tsv" else ",")


def write_workbook(frame: pd.DataFrame, path: Path) -> None:
    """The least that is a workbook: its parts, one sheet, text in place."""
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    schemas = "http://schemas.openxmlformats.org"
    cells = [list(frame.columns), *frame.itertuples(index=False)]
    rows = "".join("<row>" + "".join(map(cell_of_workbook, row)) + "</row>" for row in cells)
    parts = {
        "[Content_Types].xml": f"""<Types xmlns="{schemas}/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Override PartName="/xl/workbook.xml" ContentType="{kinds}.sheet.main+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kinds}.worksheet+xml"/></Types>""",
        "_rels/.rels": f"""<Relationships xmlns="{schemas}/package/2006/relationships"><Relationship Id="r1"
Type="{schemas}/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>""",
        "xl/workbook.xml": f"""<workbook xmlns="{schemas}/spreadsheetml/2006/main"
xmlns:r="{schemas}/officeDocument/2006/relationships"><sheets><sheet name="Sales" sheetId="1" r:id="r1"/></sheets>
</workbook>""",
        "xl/_rels/workbook.xml.rels": f"""<Relationships xmlns="{schemas}/package/2006/relationships">
<Relationship Id="r1" Type="{schemas}/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>
</Relationships>""",
        "xl/worksheets/sheet1.xml": f"""<worksheet xmlns="{schemas}/spreadsheetml/2006/main"><sheetData>{rows}
</sheetData></worksheet>""",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def cell_of_workbook(value: object) -> str:
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{value}</t></is></c>'
    return f"<c><v>{value}</v></c>"


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "file.empty"), (b"\x89PNG\r\n\x1a\n" + bytes(100), "file.binary"), (b"\x00\x01\x02" * 99, "file.binary")],
)
async def test_unreadable_file_fails_the_job_with_the_readers_words(
    content: bytes, code: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    source = tmp_path / "upload"
    source.write_bytes(content)
    with pytest.raises(JobError) as failure:
        await sandbox.prepare(source, name="upload", sheet=None, target=tmp_path / "frame.arrow")
    assert failure.value.code == code
    assert failure.value.message.endswith(".")
    assert names_in(tmp_path) == ["upload"]


async def test_reading_that_takes_too_long_is_stopped(sales_csv: Path, tmp_path: Path) -> None:
    async with Sandbox(SandboxLimits(wall_seconds=0.2)) as hasty:
        with pytest.raises(JobError) as failure:
            await hasty.prepare(sales_csv, name="sales.csv", sheet=None, target=tmp_path / "frame.arrow")
    assert failure.value.code == "file.too_slow"


async def test_reading_that_takes_too_much_memory_is_stopped(sales_csv: Path, tmp_path: Path) -> None:
    async with Sandbox(SandboxLimits(address_space=32 << 20)) as narrow:
        with pytest.raises(JobError) as failure:
            await narrow.prepare(sales_csv, name="sales.csv", sheet=None, target=tmp_path / "frame.arrow")
    assert failure.value.code == "file.too_large"


async def test_frame_that_would_be_too_large_is_not_written(sales_csv: Path, tmp_path: Path) -> None:
    async with Sandbox(SandboxLimits(prepared_bytes=1 << 20)) as narrow:
        with pytest.raises(JobError) as failure:
            await narrow.prepare(sales_csv, name="sales.csv", sheet=None, target=tmp_path / "frame.arrow")
    assert failure.value.code == "file.too_large"
    assert names_in(tmp_path) == []


async def test_cancelled_reading_leaves_no_file(sandbox: Sandbox, sales_csv: Path, tmp_path: Path) -> None:
    task = asyncio.create_task(
        sandbox.prepare(sales_csv, name="sales.csv", sheet=None, target=tmp_path / "frame.arrow")
    )
    async with asyncio.timeout(10):
        while not names_in(tmp_path):  # noqa: ASYNC110  another process: there is no event to wait for
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert names_in(tmp_path) == []


async def peak_memory(sandbox: Sandbox) -> int:
    """Most bytes that the sandbox's only fork holds at a time, until it ends."""
    assert sandbox._channel is not None
    zygote = psutil.Process(sandbox._channel.pid)
    async with asyncio.timeout(10):
        while not zygote.children():  # noqa: ASYNC110  another process: there is no event to wait for
            await asyncio.sleep(0.01)
    fork = zygote.children()[0]
    most = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        while fork.status() != psutil.STATUS_ZOMBIE:
            most = max(most, fork.memory_info().rss)
            await asyncio.sleep(0.05)
    return most


async def test_hundred_megabytes_are_read_in_bounded_memory(sandbox: Sandbox, sales_csv: Path, tmp_path: Path) -> None:
    target = tmp_path / "frame.arrow"
    watch = asyncio.create_task(peak_memory(sandbox))
    prepared = await sandbox.prepare(sales_csv, name="sales.csv", sheet=None, target=target)
    assert await watch < 1.5e9
    assert prepared.report.rows == 1_000_000
    counted = await sandbox.run("result = len(df) + int(df['n'].isna().sum())", target)
    assert counted.value == 1_000_000
