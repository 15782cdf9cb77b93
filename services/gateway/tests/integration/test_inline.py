"""`WARREN_INLINE=true`: no worker runs, and jobs are done all the same."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from gateway.settings import GatewaySettings
from warren.testing.script import JOURNAL, Journal, Script

from .conftest import StartGateway
from .support import CSV, RunningGateway, until


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal")


@pytest.fixture
def start_inline(
    make_settings: Callable[..., GatewaySettings],
    start_gateway: StartGateway,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> StartGateway:
    """A gateway that runs the jobs of the installed services, and of one more: that of `warren.testing.script`."""
    installed = tmp_path / "scripts-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: scripts\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[warren.services]\nscripts = warren.testing.script:service\n")
    monkeypatch.syspath_prepend(tmp_path)
    settings = make_settings()
    # The services read the environment, as they do in processes of their own.
    monkeypatch.setenv("WARREN_BROKER_URL", settings.broker_url.get_secret_value())
    monkeypatch.setenv("WARREN_DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setenv("WARREN_BLOBS_URL", settings.blobs_url)
    monkeypatch.setenv(JOURNAL, str(tmp_path / "journal"))
    return lambda: start_gateway(inline=True)


@pytest.fixture
async def inline(start_inline: StartGateway) -> AsyncIterator[RunningGateway]:
    async with start_inline() as gateway:
        yield gateway


async def submit(gateway: RunningGateway, *runs: tuple[str, ...]) -> str:
    row: dict[str, Any] = await gateway.parts.submit(Script(runs=runs), "local")
    return str(row["id"])


async def test_a_question_is_answered_without_a_worker(inline: RunningGateway) -> None:
    job = await inline.http.ask("total amount", CSV)
    ended = await inline.http.ended(job["id"])

    assert ended["status"] == "completed", ended["error"]
    assert "3" in ended["result"]["answer"]


async def test_health_finds_the_services_in_this_process(inline: RunningGateway) -> None:
    async def healthy() -> bool:
        return (await inline.http.get("/health")).status_code == 200

    await until(healthy)


async def test_what_failed_for_a_moment_is_tried_again(inline: RunningGateway, journal: Journal) -> None:
    job_id = await submit(inline, ("transient",), ("progress second",))
    ended = await inline.http.ended(job_id)

    assert ended["status"] == "completed"
    assert journal.runs(job_id) == [1, 2]


async def test_a_job_that_crashes_has_failed(inline: RunningGateway) -> None:
    ended = await inline.http.ended(await submit(inline, ("crash here",)))

    assert (ended["status"], ended["error"]["code"]) == ("failed", "job.crashed")


async def test_a_running_job_can_be_cancelled(inline: RunningGateway, journal: Journal) -> None:
    job_id = await submit(inline, ("spin",))
    await inline.http.reached(job_id, "in_progress")
    await inline.http.post(f"/v1/jobs/{job_id}/cancel")

    assert (await inline.http.ended(job_id))["status"] == "cancelled"
    assert journal.of(job_id) == [(1, "begin")]


async def test_what_runs_ends_with_the_gateway(start_inline: StartGateway, journal: Journal) -> None:
    async with start_inline() as gateway:
        job_id = await submit(gateway, ("child 4321",))
        await until(lambda: bool(_sleeping()))

    assert journal.of(job_id) == [(1, "begin")]
    assert _sleeping() == []


def _sleeping() -> list[psutil.Process]:
    """Child processes of the job that sleeps."""
    return [child for child in psutil.Process().children() if child.cmdline() == ["sleep", "4321"]]
