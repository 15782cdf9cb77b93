"""Every attack of attacks.toml fails, with the gate and without; and it succeeds without the layers that stop it."""

import os
import platform
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.sandbox import Sandbox
from analyzer.sandbox.limits import Layer

if TYPE_CHECKING:
    from .conftest import Laboratory, Target

ATTACKS: dict[str, dict[str, Any]] = tomllib.loads((Path(__file__).parent / "attacks.toml").read_text("utf-8"))
ESCAPED = "escaped"

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(platform.system() != "Linux", reason="needs Landlock and seccomp"),
]
every_attack = pytest.mark.parametrize("name", ATTACKS)


def _expected(name: str, outcome: str) -> bool:
    """The attack may end in any way, but those on memory in one."""
    return "outcome" not in ATTACKS[name] or outcome == ATTACKS[name]["outcome"]


def _seconds(name: str) -> float:
    """How long to wait for its end: an attack that has to end in a certain way may be slow at it."""
    return 60 if "outcome" in ATTACKS[name] else 10


@pytest.fixture(autouse=True)
def _shared_frame_is_as_before(sales: Path) -> Iterator[None]:
    before = sales.read_bytes()
    yield
    assert sales.read_bytes() == before


def _namespaces() -> bool:
    code = "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(0x10000000))"
    return subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@every_attack
async def test_attack_fails(name: str, sandbox: Sandbox, sales: Path, target: "Target") -> None:
    result = await sandbox.run(target.aim(ATTACKS[name]["code"]), sales)
    assert result.value != ESCAPED
    assert _expected(name, result.outcome) or result.outcome == "refused"
    assert target.untouched
    assert (await sandbox.run("result = len(df)", sales)).value == 240


@every_attack
async def test_attack_fails_without_the_gate(
    name: str, laboratory: "Laboratory", sales: Path, target: "Target"
) -> None:
    result = await laboratory.run(target.aim(ATTACKS[name]["code"]), sales, wall=_seconds(name), without={Layer.gate})
    assert result.value != ESCAPED
    assert _expected(name, result.outcome)
    assert target.untouched
    assert laboratory.channel.alive


@every_attack
async def test_attack_fails_in_bubblewrap(name: str, bubble: "Laboratory", sales: Path, target: "Target") -> None:
    result = await bubble.run(target.aim(ATTACKS[name]["code"]), sales, wall=_seconds(name), without={Layer.gate})
    assert result.value != ESCAPED
    assert _expected(name, result.outcome)
    assert target.untouched
    assert bubble.channel.alive


@pytest.mark.parametrize("name", [name for name, attack in ATTACKS.items() if "without" in attack])
async def test_attack_succeeds_without_its_layers(
    name: str, laboratory: "Laboratory", sales: Path, target: "Target"
) -> None:
    attack = ATTACKS[name]
    if attack.get("root") and os.geteuid() != 0:
        pytest.skip("succeeds for root only")
    if attack.get("namespaces") and not _namespaces():
        pytest.skip("nobody may make namespaces here, as in most containers")
    if attack.get("machine") not in (None, platform.machine()):
        pytest.skip(f"is written for {attack['machine']}")
    result = await laboratory.run(target.aim(attack["code"]), sales, without=map(Layer, attack["without"]))
    assert result.value == ESCAPED, result


async def test_every_attack_can_succeed_or_says_why_it_is_not_let() -> None:
    assert all(("without" in attack) != ("because" in attack) for attack in ATTACKS.values())
