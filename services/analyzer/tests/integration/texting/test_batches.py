"""Files of texts: every line counted, every text kept once, the last of an id in whatever order its chunks are done."""

import asyncio
from typing import Any

import pytest

from warren.contracts.texts import GetText, TextBatch, TextBatchPace, TextBatchReport, TextChunk
from warren.errors import JobError
from warren.testing.jobs import InMemoryJob

from .conftest import Desk
from .loading import SECONDS, batch_of, load, ndjson, told

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(300)]


def songs(count: int, of: str = "song") -> list[dict[str, Any]]:
    return [{"track_id": f"{of}-{n}", "text": f"{of} number {n}\nabout the sea and the sky"} for n in range(count)]


def counts(report: TextBatchReport) -> tuple[int, ...]:
    return report.texts, report.stored, report.unchanged, report.duplicates, report.failed


async def kept(desk: Desk) -> int:
    return len(await desk.rows("SELECT 1 FROM analyzer.texts WHERE owner = :owner"))


async def test_a_file_is_kept_and_the_same_file_again_changes_nothing(desk: Desk) -> None:
    data = ndjson(*songs(120))
    first, second = await batch_of(desk, data), await batch_of(desk, data)

    assert counts(await load(desk, first)) == (120, 120, 0, 0, 0)
    assert await kept(desk) == 120
    assert counts(await load(desk, second)) == (120, 0, 120, 0, 0)
    assert first.reported[0].stage == "working"
    assert first.news[0] == TextBatchPace(texts=0, percent=0)
    assert "errors.ndjson" not in first.files
    assert await desk.rows("SELECT 1 FROM analyzer.claims UNION ALL SELECT 1 FROM analyzer.chunks") == []


async def test_a_csv_is_kept_likewise(desk: Desk) -> None:
    rows = "".join(f'{song["track_id"]},"{song["text"]}"\n' for song in songs(80))
    job = await batch_of(desk, f"track_id,text\n{rows}".encode(), "csv")

    assert counts(await load(desk, job)) == (80, 80, 0, 0, 0)


async def test_of_one_id_the_last_is_kept_and_the_others_are_told(desk: Desk) -> None:
    await load(desk, await batch_of(desk, ndjson({"track_id": "a", "text": "the very last words"})))
    between = songs(60)
    texts = ["first words", "second words", "second words", "the very last words"]
    mixed = [item for n, text in enumerate(texts) for item in ({"track_id": "a", "text": text}, *songs(60, f"s{n}"))]
    job = await batch_of(desk, ndjson(*between, *mixed))

    report = await load(desk, job)

    assert (report.texts, report.duplicates, report.failed) == (304, 3, 0)
    assert report.stored + report.unchanged == 301
    assert (await desk.ask(GetText(owner=desk.owner, track_id="a"))).excerpt == "the very last words"
    assert {(item["line"], item["code"]) for item in told(job)} <= {(n, "text.duplicate") for n in (61, 122, 183)}
    assert all("kept" in item["message"] for item in told(job))


async def test_bad_lines_are_listed_and_the_others_kept(desk: Desk) -> None:
    data = ndjson(*songs(30)) + b'{"track_id": "x"}\n\xff\n' + b"x" * 1_500_000 + b"\n" + ndjson(*songs(30, "more"))
    job = await batch_of(desk, data)

    assert counts(await load(desk, job)) == (60, 60, 0, 0, 3)
    assert [(item["line"], item["code"]) for item in told(job)] == [
        (31, "text.missing_field"),
        (32, "text.not_utf8"),
        (33, "text.too_long"),
    ]


@pytest.mark.parametrize(
    ("data", "kind"), [(b"\n\n", "ndjson"), (b"track_id,text\n", "csv"), (b"track_id,text", "csv")]
)
async def test_a_file_without_texts_is_done_at_once(desk: Desk, data: bytes, kind: str) -> None:
    assert counts(await load(desk, await batch_of(desk, data, kind))) == (0, 0, 0, 0, 0)


async def test_another_run_goes_on_where_one_broke_off(desk: Desk) -> None:
    job = await batch_of(desk, ndjson(*songs(400)))
    began = len(desk.sent)
    run = asyncio.ensure_future(desk.handlers[TextBatch](job))
    async with asyncio.timeout(SECONDS):
        while await kept(desk) < 50:  # noqa: ASYNC110  PostgreSQL cannot tell
            await asyncio.sleep(0.005)
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    again = InMemoryJob(job.payload, id=job.id)

    assert counts(await load(desk, again)) == (400, 400, 0, 0, 0)
    assert await kept(desk) == 400
    first_sent = [message.job_id for message in desk.sent[began:]]
    assert len(set(first_sent)) >= len(first_sent) - 16  # those that were under way, at most, were sent again
    assert await load(desk, again) == await load(desk, job)  # told again as it was


async def test_a_chunk_that_comes_again_changes_nothing(desk: Desk) -> None:
    job = await batch_of(desk, ndjson(*songs(50)))
    report = await load(desk, job)

    await desk.run(TextChunk(batch_id=job.id, n=1))

    assert counts(await load(desk, job)) == counts(report)


async def test_a_file_that_was_deleted_fails_its_job(desk: Desk) -> None:
    job = await batch_of(desk, ndjson(*songs(1)))
    await desk.blobs.delete(job.payload.file.blob)

    with pytest.raises(JobError) as failed:
        await load(desk, job)
    assert failed.value.code == "file.gone"
