"""The units of a plain server, as systemd reads them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from warren.testing.processes import script
from warren_local import plan

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
PROGRAMS = "/opt/warren/bin"
TARGET = (UNITS / "warren.target").read_text("utf-8")
MOST_EXPOSED = 30
"""Tenths of systemd's own measure, which goes to 10; a unit that sets nothing has 9.6."""

wanted = re.findall(r"[\w@.-]+\.service", TARGET)


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units, with this environment's programs: systemd looks whether they are there."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze: apt-get install systemd")
    folder = tmp_path_factory.mktemp("units")
    for unit in [*UNITS.glob("*.service"), *UNITS.glob("*.target")]:
        text = unit.read_text("utf-8").replace(PROGRAMS, str(Path(script("gateway")).parent))
        (folder / unit.name).write_text(text, "utf-8")
    return folder


def test_systemd_finds_nothing_wrong(units: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "warren.target", *wanted],
        cwd=units, env={"SYSTEMD_UNIT_PATH": f"{units}:", "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    ours = [line for line in done.stderr.splitlines() if "warren" in line]
    assert (done.returncode, ours) == (0, [])


@pytest.mark.parametrize("unit", sorted({re.sub(r"@\w[\w-]*", "@analyzer", name) for name in wanted}))
def test_a_unit_can_do_little_harm(units: Path, unit: str) -> None:
    template = units / re.sub(r"@[\w-]+", "@", unit)
    instance = units / unit
    if instance != template:
        shutil.copy(template, instance)
    measure = ["systemd-analyze", "security", "--offline=yes", "--no-pager", f"--threshold={MOST_EXPOSED}"]
    try:
        done = subprocess.run(
            [*measure, str(instance)], capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip
    finally:
        if instance != template:
            instance.unlink()
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-500:]


def test_every_process_of_the_suite_has_a_unit() -> None:
    """As `make run` starts them: a new process is told here too."""
    commands = {unit: _command(unit) for unit in wanted if "migrate" not in unit}

    assert sorted(commands.values()) == sorted(line.command for line in plan.PROCESSES)


def test_migrations_are_those_of_make_run() -> None:
    done = re.findall(
        rf"^ExecStart={PROGRAMS}/(.+)$", (UNITS / "warren-migrate.service").read_text("utf-8"), re.MULTILINE
    )

    assert done == [line.command for steps in plan.SET_UP.values() for line in steps]


def _command(unit: str) -> str:
    template, _, instance = unit.removesuffix(".service").partition("@")
    file = UNITS / (f"{template}@.service" if instance else unit)
    found = re.search(rf"^ExecStart={PROGRAMS}/(.+)$", file.read_text("utf-8"), re.MULTILINE)
    assert found
    return found[1].replace("%i", instance)
