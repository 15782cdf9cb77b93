"""From a run's result to a report's parts."""

import base64

import pytest

from analyzer.frames import RunPlot, RunResult
from analyzer.report import answer_text, cut_tables, is_empty, store_plots, store_tables, to_csv
from analyzer.wording import wording
from warren.contracts.analyzer import CsvAnalysis, Table
from warren.contracts.files import UploadedFile
from warren.testing.jobs import InMemoryJob

TABLE = Table(title="by region", columns=("region", "mean"), rows=(("Север, юг", 1.5), (None, True)), total_rows=40)
ENGLISH, RUSSIAN = wording("en"), wording("ru")


@pytest.fixture
def job() -> InMemoryJob[CsvAnalysis]:
    file = UploadedFile(file_id="f", blob="files/f", name="a.csv", size=1, sha256="0" * 64)
    return InMemoryJob(CsvAnalysis(file=file, question="q"))


async def test_plots_are_stored_and_travel_as_data_uris(job: InMemoryJob[CsvAnalysis]) -> None:
    first, second = await store_plots(job, [RunPlot(title="A", png=b"png-a", data=TABLE), RunPlot(title="B", png=b"b")])
    assert (first.title, first.artifact, first.data) == ("A", "plot-1.png", TABLE)
    assert base64.b64decode(first.image.removeprefix("data:image/png;base64,")) == b"png-a"
    assert second.artifact == "plot-2.png"
    assert job.files == {"plot-1.png": b"png-a", "plot-2.png": b"b"}
    assert job.artifacts["plot-1.png"].media_type == "image/png"


async def test_every_table_is_stored_as_csv(job: InMemoryJob[CsvAnalysis]) -> None:
    await store_tables(job, [TABLE, TABLE])
    assert list(job.files) == ["result.csv", "result-2.csv"]
    assert job.files["result.csv"] == to_csv(TABLE)


def test_csv_quotes_what_needs_it_and_opens_in_excel() -> None:
    assert to_csv(TABLE) == '\ufeffregion,mean\r\n"Север, юг",1.5\r\n,True\r\n'.encode()


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (RunResult(outcome="ok", answer="It is 3.", value=3), "It is 3."),
        (RunResult(outcome="ok", value=16.4399999), "16.44"),
        (RunResult(outcome="ok", value=0), "0"),
        (RunResult(outcome="ok", tables=(TABLE,)), "The answer is in the table."),
        (RunResult(outcome="ok", plots=(RunPlot(title="", png=b""),)), "The answer is in the chart."),
    ],
)
def test_the_answer_is_what_the_code_said_or_found(result: RunResult, text: str) -> None:
    assert not is_empty(result)
    assert answer_text(result, ENGLISH) == text


def test_a_run_that_only_prints_reports_nothing() -> None:
    assert is_empty(RunResult(outcome="ok", stdout="42"))


def test_a_table_that_was_cut_is_told_in_the_language_of_the_question() -> None:
    whole = TABLE.model_copy(update={"total_rows": 2})
    assert cut_tables([whole, TABLE], ENGLISH) == ("Table “by region” holds the first 2 of 40 rows.",)
    assert cut_tables([TABLE], RUSSIAN) == ("В таблице «by region» показаны первые 2 строк из 40.",)
