"""Workers are killed, or would rather be; jobs come twice; people change their minds."""

import asyncio
import json
import subprocess
import time
from datetime import UTC, datetime, timedelta

import psutil

from warren import jobs
from warren.broker import Broker
from warren.embedded.guard import await_end, is_alive
from warren.jobs import JobMessage
from warren.testing.processes import Program, script, until
from warren.testing.script import Script
from warren.testing.scripted_llm import ScriptedLlm, Step

from .suite import SECONDS, Suite
from .watcher import Watcher, position

CSV = b"city,amount\nLyon,1\nTurin,2\nGhent,6\n"
ENDLESS = "```python\nwhile len(df):\n    answer = str(len(df))\n```"
GOOD = "```python\nanswer = f'The sum is {df.amount.sum()}'\n```"


async def ask(suite: Suite) -> str:
    """Ask a question about a file; the job's id."""
    async with suite.client() as client:
        answer = await client.post(
            "/v1/analyses", data={"question": "What is the sum?"}, files={"file": ("sales.csv", CSV, "text/csv")}
        )
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["id"]
    return job_id


async def endless_run(watcher: Watcher, analyzer: Program) -> psutil.Process:
    """The process that runs generated code: the newest, which has no children and works hard."""

    def running() -> bool:
        return any(event["data"].get("stage") == "running" for event in watcher.events)

    def leaves() -> dict[psutil.Process, float]:
        family = [process for process in analyzer.family() if process.pid != analyzer.pid and is_alive(process)]
        return {process: sum(process.cpu_times()[:2]) for process in family if not process.children()}

    await until(running, SECONDS, "generated code to run")
    before = leaves()
    found: list[psutil.Process] = []

    def busy() -> bool:
        found[:] = [process for process, seconds in leaves().items() if seconds - before.get(process, 0.0) > 0.2]
        return bool(found)

    await until(busy, SECONDS, "generated code to work")
    return found[0]


async def test_an_analysis_survives_the_death_of_its_worker(suite: Suite) -> None:
    with ScriptedLlm([Step(reply=ENDLESS), Step(reply=GOOD, times=None)]) as llm:
        model = {"WARREN_LLM_API_KEY": "k", "WARREN_LLM_BASE_URL": llm.base_url, "WARREN_LLM_MODEL": "some/model"}
        _, analyzer = await asyncio.gather(suite.gateway(), suite.analyzer(**model))
        job = await ask(suite)
        async with suite.watching(job) as (watcher,):
            await endless_run(watcher, analyzer)
            analyzer.kill()
            family = [process for process in analyzer.family() if process.pid != analyzer.pid]
            assert await asyncio.to_thread(await_end, family, 5), "what it ran is killed with it"
            await suite.analyzer(**model)
        await suite.check_ended([job])
        ended = await suite.job(job)
        assert "The sum is 9" in ended["result"]["answer"]
        assert ended["attempt"] == 2
        assert {position(event)[0] for event in watcher.events} == {0, 1, 2}
        assert "Attempt 1/3: running… (run 2 of the job)" in [event["data"].get("message") for event in watcher.events]
        assert watcher.reconnects == 0


async def test_a_running_endless_loop_is_cancelled_within_a_second(suite: Suite) -> None:
    with ScriptedLlm([Step(reply=ENDLESS)]) as llm:
        model = {"WARREN_LLM_API_KEY": "k", "WARREN_LLM_BASE_URL": llm.base_url, "WARREN_LLM_MODEL": "some/model"}
        _, analyzer = await asyncio.gather(suite.gateway(), suite.analyzer(**model))
        job = await ask(suite)
        async with suite.watching(job) as (watcher,), suite.client() as client:
            run = await endless_run(watcher, analyzer)
            asked = time.monotonic()
            assert (await client.post(f"/v1/jobs/{job}/cancel")).status_code == 202
            while (await client.get(f"/v1/jobs/{job}")).json()["status"] != "cancelled":  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            assert time.monotonic() - asked < 1
            assert await asyncio.to_thread(await_end, [run], 1), "its process is gone"
        await suite.check_ended([job], "cancelled")


async def test_a_job_that_kills_every_worker_fails_and_an_operator_can_send_it_again(suite: Suite) -> None:
    await suite.gateway()
    job = await suite.post(*[("exit",)] * 4, ("progress alive",))
    innocent = await suite.post(("progress one",))
    async with suite.watching(job, innocent):
        for _ in range(4):
            worker = await suite.worker(ready=False)
            assert await worker.exited(SECONDS) == 9
        await suite.worker()
    await suite.check_ended([innocent])
    await suite.check_ended([job], "failed")
    assert (await suite.job(job))["error"]["code"] == "job.dead_letter"
    assert len(suite.journal.runs(job)) == 4

    def requeue() -> str:
        command = [script("warren"), "dead", "requeue"]
        return subprocess.run(
            command, env=suite.programs.environment, capture_output=True, text=True, check=True, timeout=60
        ).stdout

    assert job in await asyncio.to_thread(requeue)
    async with asyncio.timeout(SECONDS):
        while (await suite.job(job))["status"] != "completed":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    ends = [event["event"] for event in await suite.recorded(job)]
    assert ends[-4:] == ["requeued", "started", "progress", "completed"]


async def test_a_job_that_is_delivered_after_its_end_changes_nothing(suite: Suite) -> None:
    await asyncio.gather(suite.gateway(), suite.worker())
    job = await suite.post(("progress one",))
    async with suite.watching(job):
        pass
    before = await suite.recorded(job)
    # Sent after the worker began to listen to cancellations, so that it has no reason of its own to ask.
    later = datetime.now(UTC) + timedelta(minutes=1)
    again = JobMessage.of(job, Script(runs=(("progress two",),)), enqueued_at=later)
    async with Broker(suite.broker_url, "twin") as broker:
        await broker.ready()
        # A twin that gives no hint of being one is run, and its events are ignored.
        await jobs.publish(broker, again)
        await until(lambda: (1, "end") in suite.journal.of(job)[4:], SECONDS, "the twin to run")
        # Twins that may be known from before are asked about, and not run.
        for update in ({"resent": True}, {"run": 2, "resent": True}):
            await jobs.publish(broker, again.model_copy(update=update))
    marker = await suite.post(("progress one",))
    async with suite.watching(marker):
        pass
    await suite.check_ended([job, marker])
    assert await suite.recorded(job) == before
    assert suite.journal.runs(job) == [1, 1]


async def test_a_queued_job_that_is_cancelled_never_runs(suite: Suite) -> None:
    await suite.gateway()
    job = await suite.post(("progress one",))
    async with suite.client() as client, suite.watching(job):
        answer = await client.post(f"/v1/jobs/{job}/cancel")
        assert json.loads(answer.text)["status"] == "cancelled"
    await suite.worker()
    other = await suite.post(("progress one",))
    async with suite.watching(other):
        pass
    await suite.check_ended([job], "cancelled")
    assert suite.journal.runs(job) == []
