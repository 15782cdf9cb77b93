"""The life of a sandbox: tiers, many runs at once, cancelling, restarts, the end."""

import asyncio
import os
import signal
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from prometheus_client import REGISTRY

from analyzer.sandbox import Sandbox, SandboxLimits, SandboxUnavailable
from warren.errors import TransientError

pytestmark = pytest.mark.asyncio(loop_scope="module")


def zygote_of(sandbox: Sandbox) -> psutil.Process:
    assert sandbox._channel is not None
    return psutil.Process(sandbox._channel.pid)


async def eventually(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  other processes: there is no event to wait for
            await asyncio.sleep(0.01)


def is_gone(process: psutil.Process) -> bool:
    """Whether it runs no more. In a container without an init process, orphans stay as zombies."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def started_fork(sandbox: Sandbox) -> psutil.Process:
    zygote = zygote_of(sandbox)
    await eventually(lambda: len(zygote.children()) == 1)
    return zygote.children()[0]


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("warren_sandbox_runs_total", {"outcome": outcome}) or 0.0


async def test_tier_is_full_where_the_kernel_can(sandbox: Sandbox) -> None:
    assert sandbox.tier == "full"


async def test_zygote_sees_none_of_the_workers_environment(sandbox: Sandbox) -> None:
    environment = zygote_of(sandbox).environ()
    assert "PATH" not in environment
    assert environment["OPENBLAS_NUM_THREADS"] == "1"


async def test_zygote_has_one_thread(sandbox: Sandbox) -> None:
    assert zygote_of(sandbox).num_threads() == 1


async def test_cancelled_run_is_gone_within_a_second(sandbox: Sandbox, sales: Path) -> None:
    run = asyncio.create_task(sandbox.run("while True: pass", sales))
    fork = await started_fork(sandbox)
    started = time.monotonic()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert not psutil.pid_exists(fork.pid)
    assert time.monotonic() - started < 1
    assert (await sandbox.run("result = 1", sales)).value == 1


async def test_run_cancelled_while_it_waits_for_its_turn_never_starts(sales: Path) -> None:
    async with Sandbox(SandboxLimits(concurrency=1)) as narrow:
        first = asyncio.create_task(narrow.run("import time; time.sleep(0.5); result = 1", sales))
        await started_fork(narrow)
        second = asyncio.create_task(narrow.run("result = 2", sales))
        await asyncio.sleep(0)
        second.cancel()
        assert (await first).value == 1
        assert second.cancelled()


async def test_slow_run_delays_no_other(sandbox: Sandbox, sales: Path) -> None:
    slow = asyncio.create_task(sandbox.run("while True: pass", sales, timeout=15))
    await started_fork(sandbox)
    results = await asyncio.gather(*(sandbox.run(f"result = {n} * len(df)", sales) for n in range(8)))
    assert [result.value for result in results] == [240 * n for n in range(8)]
    assert not slow.done()
    slow.cancel()
    with pytest.raises(asyncio.CancelledError):
        await slow


async def test_no_more_runs_at_a_time_than_allowed(sales: Path) -> None:
    async with Sandbox(SandboxLimits(concurrency=2)) as narrow:
        runs = [asyncio.create_task(narrow.run("import time; time.sleep(0.3)", sales)) for _ in range(5)]
        most = 0
        while not all(run.done() for run in runs):
            most = max(most, len(zygote_of(narrow).children()))
            await asyncio.sleep(0.02)
        assert most == 2


async def test_run_leaves_nothing_for_the_next(sandbox: Sandbox, sales: Path) -> None:
    code = "pd.DataFrame.mean = pd.Series.mean = np.mean = lambda *_: 'spoilt'\ndf['qty'] = 0\nplt.plot([1])"
    assert (await sandbox.run(code, sales)).outcome == "ok"
    after = await sandbox.run("result = df['qty'].mean()", sales)
    assert (after.value, after.plots) == (4.5, ())


async def test_dead_zygote_fails_its_runs_for_now_and_is_replaced(sandbox: Sandbox, sales: Path) -> None:
    runs = [asyncio.create_task(sandbox.run("while True: pass", sales)) for _ in range(2)]
    zygote = zygote_of(sandbox)
    await eventually(lambda: len(zygote.children()) == 2)
    forks = zygote.children()
    zygote.kill()
    for run in runs:
        with pytest.raises(TransientError):
            await run
    await eventually(lambda: all(map(is_gone, forks)))
    assert (await sandbox.run("result = 7", sales)).value == 7
    assert zygote_of(sandbox).pid != zygote.pid


async def test_stuck_zygote_is_replaced(sales: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.sandbox.channel._GRACE_SECONDS", 0.3)
    async with Sandbox() as stuck:
        zygote = zygote_of(stuck)
        zygote.suspend()
        with pytest.raises(TransientError):
            await stuck.run("result = 1", sales, timeout=0.2)
        assert (await stuck.run("result = 2", sales)).value == 2
        assert is_gone(zygote)


async def test_closing_leaves_no_process_and_no_file(sales: Path) -> None:
    async with Sandbox() as closing:
        run = asyncio.create_task(closing.run("while True: pass", sales))
        fork = await started_fork(closing)
        zygote = zygote_of(closing)
        scratch = closing._scratch_folder()
    with pytest.raises(TransientError):
        await run
    assert is_gone(zygote)
    assert is_gone(fork)
    assert not scratch.exists()
    with pytest.raises(SandboxUnavailable):
        await closing.run("result = 1", sales)


async def test_runs_are_counted_by_outcome(sandbox: Sandbox, sales: Path) -> None:
    before = {outcome: counted(outcome) for outcome in ("ok", "error", "refused", "cancelled")}
    await sandbox.run("result = 1", sales)
    await sandbox.run("1 / 0", sales)
    await sandbox.run("open('x')", sales)
    run = asyncio.create_task(sandbox.run("while True: pass", sales))
    await started_fork(sandbox)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert {outcome: counted(outcome) - count for outcome, count in before.items()} == dict.fromkeys(before, 1.0)


async def test_missing_frame_is_an_error_of_the_caller(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await sandbox.run("result = 1", tmp_path / "absent.arrow")


async def test_unsafe_mode_runs_code_and_says_so(sales: Path) -> None:
    async with Sandbox(SandboxLimits(mode="unsafe")) as unsafe:
        assert unsafe.tier == "unsafe"
        assert (await unsafe.run("result = len(df)", sales)).value == 240
        assert (await unsafe.run("import os", sales)).outcome == "refused"


# ---- machines that lack something, each in a process of its own ------------------------------------------------------

REPORT = """
import asyncio, sys
from pathlib import Path
from analyzer.sandbox import Sandbox, SandboxLimits, SandboxUnavailable

async def main():
    async with Sandbox(SandboxLimits(mode=sys.argv[2])) as sandbox:
        print(sandbox.tier)
        print(sandbox.refusal)
        try:
            result = await sandbox.run("result = len(df)", Path(sys.argv[1]))
            print(result.value)
        except SandboxUnavailable as error:
            print("refused:", error.reason)

{before}
asyncio.run(main())
"""

NO_LANDLOCK = """
import ctypes, errno
library = ctypes.CDLL("libseccomp.so.2")
library.seccomp_init.restype = ctypes.c_void_p
context = ctypes.c_void_p(library.seccomp_init(0x7FFF0000))
assert library.seccomp_rule_add_array(context, 0x00050000 | errno.ENOSYS, 444, 0, None) == 0
assert library.seccomp_load(context) == 0
"""


async def report(sales: Path, mode: str = "auto", before: str = "", **environment: str) -> list[str]:
    """Tier, refusal and the end of a run of a sandbox on such a machine."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        REPORT.format(before=textwrap.dedent(before)),
        str(sales),
        mode,
        env=dict(os.environ) | environment,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode().splitlines()[-3:]


@pytest.fixture
def broken_libseccomp(tmp_path: Path) -> str:
    (tmp_path / "libseccomp.so.2").write_bytes(b"")
    return str(tmp_path)


async def test_without_libseccomp_code_is_refused(sales: Path, broken_libseccomp: str) -> None:
    tier, refusal, run = await report(sales, LD_LIBRARY_PATH=broken_libseccomp)
    assert tier == "none"
    assert "apt-get install libseccomp2" in refusal
    assert run == f"refused: {refusal}"


async def test_without_libseccomp_unsafe_mode_still_runs(sales: Path, broken_libseccomp: str) -> None:
    tier, _, run = await report(sales, "unsafe", LD_LIBRARY_PATH=broken_libseccomp)
    assert (tier, run) == ("unsafe", "240")


async def test_without_landlock_and_bubblewrap_code_is_refused(sales: Path) -> None:
    tier, refusal, run = await report(sales, before=NO_LANDLOCK, PATH="/nonexistent")
    assert tier == "none"
    assert "Landlock" in refusal
    assert "apt-get install bubblewrap" in refusal
    assert run.startswith("refused: ")


@pytest.mark.usefixtures("bubblewrap")
async def test_without_landlock_bubblewrap_takes_its_place(sales: Path) -> None:
    tier, _, run = await report(sales, before=NO_LANDLOCK)
    assert (tier, run) == ("bubblewrap", "240")


async def test_without_user_namespaces_bubblewrap_is_no_help(sales: Path, tmp_path: Path) -> None:
    refusing = tmp_path / "bwrap"
    refusing.write_text("#!/bin/sh\necho 'bwrap: No permissions to create a new namespace' >&2\nexit 1\n")
    refusing.chmod(0o755)
    tier, refusal, _ = await report(sales, before=NO_LANDLOCK, PATH=str(tmp_path))
    assert tier == "none"
    assert "No permissions to create a new namespace" in refusal


async def zygote_and_busy_fork(worker: psutil.Process) -> list[psutil.Process]:
    """Waits for a run that computes: the first attacks on the sandbox are over in milliseconds."""
    found: list[psutil.Process] = []

    def is_busy() -> bool:
        found[:] = worker.children(recursive=True)
        try:
            return len(found) == 2 and all(child.cpu_times().user > 0.3 for child in found)
        except psutil.NoSuchProcess:
            return False

    await eventually(is_busy, 30)
    return found


async def test_zygote_dies_with_its_worker(sales: Path) -> None:
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        REPORT.format(before="").replace("result = len(df)", "while True: pass"),
        str(sales),
        "auto",
        stdout=asyncio.subprocess.DEVNULL,
    )
    family = psutil.Process(worker.pid)
    try:
        children = await zygote_and_busy_fork(family)
    finally:
        worker.send_signal(signal.SIGKILL)
        await worker.wait()
    await eventually(lambda: all(map(is_gone, children)))
