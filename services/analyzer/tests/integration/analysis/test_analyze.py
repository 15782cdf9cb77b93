"""The whole handler: a real file, the real sandbox, and a model that says what the script tells it to say."""

import asyncio
import base64
import hashlib
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
from pydantic import SecretStr

from analyzer import analysis
from analyzer.analysis import AnalysisFailed, analyze
from analyzer.engines import LlmEngine
from analyzer.sandbox import Sandbox
from analyzer.spool import Spool
from warren.blobs import BlobStore
from warren.contracts.analyzer import CsvAnalysis, CsvReport, Turn
from warren.contracts.files import UploadedFile
from warren.errors import JobError
from warren.llm import LlmClient, LlmSettings, connect
from warren.testing.jobs import InMemoryJob
from warren.testing.scripted_llm import ScriptedLlm, Step

pytestmark = pytest.mark.asyncio(loop_scope="module")

STOCKS = (Path(__file__).parents[2] / "data" / "stocks.csv").read_bytes()
MODEL = "llm:some/model"
KEY = "sk-very-secret"
ENDLESS = "while len(df):\n    answer = str(len(df))"


def says(code: str) -> Step:
    return Step(reply=f"```python\n{code}\n```")


GOOD = says("top = df.groupby('symbol').price.max()\nanswer = f'The highest is {top.max():.2f}'\nresult = top")
WRONG = says("answer = str(df['prize'].max())")
FABRICATED = says("answer = 'The highest price was 707.00'")


@dataclass
class World:
    """What an analyzer worker has, with one uploaded file."""

    sandbox: Sandbox
    blobs: BlobStore
    spool: Spool
    stack: AsyncExitStack

    async def job(self, question: str = "What is the highest price?", data: bytes = STOCKS, **fields: str) -> "Job":
        digest = hashlib.sha256(data).hexdigest()
        await self.blobs.put("files/1", data)
        file = UploadedFile(file_id="file_1", blob="files/1", name="stocks.csv", size=len(data), sha256=digest)
        return InMemoryJob(CsvAnalysis.model_validate({"file": file, "question": question, **fields}))

    async def run(self, job: "Job", llm: ScriptedLlm | str | None = None, **limits: float) -> CsvReport:
        """Answer it; `llm` is an endpoint, or its address."""
        engine = None
        if llm is not None:
            base_url = llm if isinstance(llm, str) else llm.base_url
            settings = LlmSettings.model_validate(
                {"llm_api_key": SecretStr(KEY), "llm_base_url": base_url, "llm_model": "some/model", **limits}
            )
            client = await self.stack.enter_async_context(LlmClient(settings, backoff=0.01))
            engine = LlmEngine(client)
        return await analyze(job, sandbox=self.sandbox, blobs=self.blobs, spool=self.spool, llm=engine)


Job = InMemoryJob[CsvAnalysis]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool(tmp_path / "spool", max_bytes=10**8) as spool:
        yield spool


@pytest_asyncio.fixture(loop_scope="module")
async def world(sandbox: Sandbox, spool: Spool, tmp_path: Path) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        yield World(sandbox, BlobStore((tmp_path / "blobs").as_uri()), spool, stack)


async def test_remarks_on_the_file_are_in_the_language_of_the_question(world: World) -> None:
    ragged = STOCKS.rstrip() + b"\nAAPL\n"
    english = await world.run(await world.job("What is the highest price?", ragged))
    russian = await world.run(await world.job("Какая самая высокая price?", ragged))
    assert any("too few values" in warning for warning in english.warnings)
    assert any("значений не хватает" in warning for warning in russian.warnings)


async def test_a_right_answer_comes_with_all_that_proves_it(world: World) -> None:
    job = await world.job()
    with ScriptedLlm([GOOD]) as llm:
        report = await world.run(job, llm)
    assert (report.answer, report.answered, report.engine) == ("The highest is 707.00", True, MODEL)
    assert report.warnings == ()
    assert report.tables[0].rows[0] == ("AAPL", 223.02)
    assert job.files["result.csv"].decode("utf-8-sig").splitlines()[:2] == ["symbol,price", "AAPL,223.02"]
    assert [(attempt.n, attempt.error, attempt.tokens) for attempt in report.attempts] == [(1, None, 120)]
    assert report.usage == {"requests": 1, "cached": 0, "prompt_tokens": 100, "completion_tokens": 20, "cost": 0.0}
    origin = report.provenance
    assert (origin.sha256, origin.size) == (hashlib.sha256(STOCKS).hexdigest(), len(STOCKS))
    assert (origin.format, origin.delimiter, origin.rows, origin.columns) == ("csv", ",", 560, 3)
    assert origin.columns_used == ("symbol", "price")
    assert origin.sandbox_tier == world.sandbox.tier


async def test_when_the_budget_is_spent_the_local_engine_answers_and_says_so(world: World) -> None:
    with ScriptedLlm([GOOD.model_copy(update={"cost": 0.02, "times": None})]) as llm:
        settings = LlmSettings.model_validate(
            {"llm_api_key": SecretStr(KEY), "llm_base_url": llm.base_url, "llm_model": "some/model",
             "llm_money_per_day": 0.01}
        )  # fmt: skip
        engine = LlmEngine(await world.stack.enter_async_context(connect(settings)))
        reports = [
            await analyze(await world.job(), sandbox=world.sandbox, blobs=world.blobs, spool=world.spool, llm=engine)
            for _ in range(2)
        ]
    assert [report.engine for report in reports] == [MODEL, "local"]
    assert [report.usage["cost"] for report in reports] == [0.02, 0.0]
    assert any("budget" in warning for warning in reports[1].warnings)
    assert len(llm.requests) == 1


async def test_wrong_code_is_repaired_on_the_second_attempt(world: World) -> None:
    job = await world.job()
    with ScriptedLlm([WRONG, GOOD]) as llm:
        report = await world.run(job, llm)
    assert report.answer == "The highest is 707.00"
    first, second = report.attempts
    assert "prize" in (first.error or "")
    assert second.error is None
    assert "df['prize']" in llm.requests[1].text
    assert first.error is not None
    assert first.error.partition("(")[0] in llm.requests[1].text
    assert job.messages == [
        "Reading the file…",
        "Attempt 1/3: generating code…",
        "Attempt 1/3: running…",
        "Attempt 2/3: generating code…",
        "Attempt 2/3: running…",
        "Done",
    ]
    percents = [progress.percent or 0 for progress in job.reported]
    assert percents == sorted(percents)
    assert percents[-1] == 100
    assert [progress.attempt for progress in job.reported] == [None, 1, 1, 2, 2, 2]


async def test_three_failures_fail_the_job_with_its_ledger(world: World) -> None:
    job = await world.job()
    steps = [WRONG, says("answer = 1 / len(df[df.price < 0])"), says("1 +")]
    with ScriptedLlm(steps) as llm, pytest.raises(AnalysisFailed) as caught:
        await world.run(job, llm)
    assert caught.value.code == "analysis.failed"
    assert caught.value.details["engine"] == MODEL
    errors = [attempt["error"] for attempt in caught.value.details["attempts"]]
    assert ["prize" in errors[0], "ZeroDivisionError" in errors[1], "SyntaxError" in errors[2]] == [True] * 3
    assert errors[2] in caught.value.message
    assert len(llm.requests) == 3


async def test_a_rate_limit_is_waited_for(world: World) -> None:
    with ScriptedLlm([Step(status=429, retry_after=0.3), GOOD]) as llm:
        report = await world.run(await world.job(), llm)
    assert (report.engine, report.warnings) == (MODEL, ())
    assert llm.requests[1].at - llm.requests[0].at >= 0.3


async def test_a_model_that_does_not_answer_in_time_is_replaced(world: World) -> None:
    with ScriptedLlm([Step(delay=30, times=None)]) as llm:
        report = await world.run(await world.job(), llm, llm_timeout_seconds=0.2, llm_total_timeout_seconds=0.5)
    assert report.engine == "local"
    assert "did not answer in time" in report.warnings[-1]


async def test_an_endpoint_that_is_down_is_replaced_and_the_report_says_so(world: World) -> None:
    with ScriptedLlm() as llm:
        gone = llm.base_url
    report = await world.run(await world.job(), gone, llm_max_retries=1)
    assert (report.engine, report.answered) == ("local", True)
    assert "cannot be reached" in report.warnings[-1]


async def test_a_refused_key_is_told_without_the_key(world: World) -> None:
    with ScriptedLlm([Step(status=401, reply=f"bad key {KEY}")]) as llm:
        report = await world.run(await world.job(), llm)
    assert report.engine == "local"
    assert "401" in report.warnings[-1]
    assert KEY not in report.model_dump_json()


async def test_an_endpoint_that_goes_away_between_attempts_is_replaced(world: World) -> None:
    with ScriptedLlm([WRONG, Step(status=500, times=None)]) as llm:
        report = await world.run(await world.job(), llm, llm_max_retries=1)
    assert report.engine == "local"
    assert [attempt.error is None for attempt in report.attempts] == [False, True]


@pytest.mark.parametrize(("engine", "told"), [("auto", False), ("llm", True), ("local", False)])
async def test_without_a_key_the_local_engine_answers_and_says_so(world: World, engine: str, told: bool) -> None:
    report = await world.run(await world.job(engine=engine))
    assert (report.engine, report.answered) == ("local", True)
    assert any("WARREN_LLM_API_KEY" in warning for warning in report.warnings) is told


async def test_the_local_engine_can_be_asked_for(world: World) -> None:
    with ScriptedLlm([GOOD]) as llm:
        report = await world.run(await world.job(engine="local"), llm)
    assert report.engine == "local"
    assert llm.requests == []


async def test_a_follow_up_builds_on_the_question_before(world: World) -> None:
    first_question = "plot the price over time for each symbol"
    first = await world.run(await world.job(first_question))
    turn = Turn(question=first_question, answer=first.answer, code=first.final_code)
    job = await world.job("now by year")
    job.payload = job.payload.model_copy(update={"history": (turn,)})
    report = await world.run(job)
    assert len(report.plots) == 1
    assert report.final_code != first.final_code
    assert report.provenance.columns_used == ("symbol", "date", "price")


async def test_fabricated_data_is_refused_and_never_run(world: World) -> None:
    job = await world.job()
    with ScriptedLlm([FABRICATED, GOOD]) as llm:
        report = await world.run(job, llm)
    assert "never reads `df`" in (report.attempts[0].error or "")
    assert "Attempt 1/3: running…" not in job.messages
    assert "never reads `df`" in llm.requests[1].text
    assert report.answer == "The highest is 707.00"


async def test_a_model_that_only_makes_things_up_fails(world: World) -> None:
    job = await world.job()
    with ScriptedLlm([FABRICATED] * 3) as llm, pytest.raises(AnalysisFailed, match="never reads"):
        await world.run(job, llm)


async def test_code_that_only_prints_is_repaired(world: World) -> None:
    with ScriptedLlm([says("print(df.price.max())"), GOOD]) as llm:
        report = await world.run(await world.job(), llm)
    assert report.attempts[0].stdout == "707.0\n"
    assert "ended without" in (report.attempts[0].error or "")


async def test_a_run_that_takes_too_long_is_repaired(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "RUN_SECONDS", 0.5)
    with ScriptedLlm([says(ENDLESS), GOOD]) as llm:
        report = await world.run(await world.job(), llm)
    assert "too long" in (report.attempts[0].error or "")
    assert report.answer == "The highest is 707.00"


async def test_a_question_the_model_cannot_answer_is_no_failure(world: World) -> None:
    with ScriptedLlm([Step(reply="CANNOT_ANSWER: В таблице нет столиц.")]) as llm:
        report = await world.run(await world.job("Какая столица Франции?"), llm)
    assert (report.answered, report.engine) == (False, MODEL)
    assert report.answer == "В таблице нет столиц. В файле есть столбцы: symbol, date, price."
    assert report.final_code == ""


async def test_a_question_the_planner_cannot_answer_is_no_failure(world: World) -> None:
    report = await world.run(await world.job("What is the capital of France?"))
    assert (report.answered, report.engine) == (False, "local")
    assert "symbol" in report.answer


async def test_a_plot_is_an_artifact_and_a_data_uri(world: World) -> None:
    job = await world.job()
    code = "ax = df[df.symbol == 'IBM'].plot(x='date', y='price', title='IBM')\nax.set_ylabel('USD')"
    with ScriptedLlm([says(code)]) as llm:
        report = await world.run(job, llm)
    (plot,) = report.plots
    assert base64.b64decode(plot.image.removeprefix("data:image/png;base64,")) == job.files[plot.artifact]
    assert job.files["plot-1.png"].startswith(b"\x89PNG")
    assert (plot.title, report.answer) == ("IBM", "The answer is in the chart.")


async def test_a_follow_up_does_not_read_the_file_again(world: World) -> None:
    first, second = await world.job(), await world.job()
    with ScriptedLlm([GOOD, GOOD]) as llm:
        await world.run(first, llm)
        await world.blobs.delete("files/1")
        report = await world.run(second, llm)
    assert report.answer == "The highest is 707.00"


async def test_a_file_that_is_gone_is_told(world: World) -> None:
    job = await world.job()
    await world.blobs.delete("files/1")
    with pytest.raises(JobError, match="Upload it again") as caught:
        await world.run(job)
    assert caught.value.code == "file.gone"


async def test_a_file_that_cannot_be_read_is_told_with_the_reason(world: World) -> None:
    with pytest.raises(JobError) as caught:
        await world.run(await world.job(data=b""))
    assert caught.value.code == "file.empty"


async def test_waiting_for_the_model_can_be_cancelled(world: World) -> None:
    with ScriptedLlm([Step(delay=30)]) as llm:
        running = asyncio.create_task(world.run(await world.job(), llm))
        await llm.received(1)
        started = time.monotonic()
        running.cancel()
        await asyncio.wait([running])
    assert running.cancelled()
    assert time.monotonic() - started < 1


async def test_a_cancelled_run_ends_within_a_second_and_leaves_no_process(world: World) -> None:
    before = set(psutil.Process().children(recursive=True))
    job = await world.job()
    with ScriptedLlm([says(ENDLESS)]) as llm:
        running = asyncio.create_task(world.run(job, llm))
        await job.reached("running")
        while not set(psutil.Process().children(recursive=True)) - before:  # noqa: ASYNC110  a fork tells nobody
            await asyncio.sleep(0.01)
        started = time.monotonic()
        running.cancel()
        await asyncio.wait([running])
    assert running.cancelled()
    assert time.monotonic() - started < 1
    assert not set(psutil.Process().children(recursive=True)) - before
