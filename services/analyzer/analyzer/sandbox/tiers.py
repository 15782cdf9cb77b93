"""Which ways of holding code this machine offers, best first."""

import shutil
import sys
import sysconfig
from pathlib import Path
from typing import NamedTuple

from analyzer.sandbox.limits import Layer, Mode, Tier
from analyzer.sandbox.zygote import landlock, seccomp

_SYSTEM_LIBRARIES = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache", "/usr/share/zoneinfo")
_TEMPORARY = "/tmp"  # noqa: S108  # nosec B108: empty, and inside bubblewrap only


class Plan(NamedTuple):
    """How to start the zygote, and what its forks lock themselves with."""

    tier: Tier
    layers: frozenset[Layer]
    wrapper: tuple[str, ...] = ()
    """Command in front of Python's."""


class Options(NamedTuple):
    """Plans to try in order, and why better ones are missing."""

    plans: list[Plan]
    missing: list[str]


def options(mode: Mode) -> Options:
    """What can be tried here."""
    if mode == "unsafe":
        return Options([Plan("unsafe", frozenset({Layer.gate, Layer.rlimits}))], [])
    if sys.platform != "linux":
        return Options([], [f"{sys.platform} has neither seccomp nor Landlock"])
    if seccomp.library() is None:
        return Options([], [f"libseccomp.so.2 is missing: {seccomp.INSTALL}"])
    plans, missing = [], []
    if landlock.version():
        plans.append(Plan("full", frozenset(Layer)))
    else:
        missing.append("this kernel has no Landlock (5.13 or newer, with landlock among its LSMs)")
    wrapper = bubblewrap()
    if wrapper:
        plans.append(Plan("bubblewrap", frozenset(Layer) - {Layer.landlock}, wrapper))
    else:
        missing.append("bubblewrap is not installed (apt-get install bubblewrap)")
    return Options(plans, missing)


def bubblewrap() -> tuple[str, ...]:
    """The command that shows a program nothing but libraries, read-only; empty when bubblewrap is not installed."""
    program = shutil.which("bwrap")
    if program is None:
        return ()
    command = [program, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", _TEMPORARY, "--chdir", "/"]
    for path in _visible():
        command += ["--ro-bind-try", path, path]
    return (*command, "--")


def _visible() -> list[str]:
    """Folders of Python and of shared libraries, none inside another."""
    found = {sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), *filter(None, sys.path), *_SYSTEM_LIBRARIES}
    paths = {Path(path) for path in found}
    return sorted(str(path) for path in paths if not paths.intersection(path.parents))


def python_command(plan: Plan, descriptor: int) -> list[str]:
    """The command line of a zygote that is told what to do through `descriptor`."""
    return [*plan.wrapper, sys.executable, "-I", "-m", "analyzer.sandbox.zygote", str(descriptor)]


def environment(plan: Plan, scratch: Path) -> dict[str, str]:
    """All variables the zygote sees: none of the worker's, which may hold secrets."""
    return {
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "HOME": "/nonexistent",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": _TEMPORARY if plan.wrapper else str(scratch),
        # A fork keeps only the thread that made it, so no library may start any; nor may one reserve
        # memory ahead that then counts against the limit of a run.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "VECLIB_MAXIMUM_THREADS": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
        "MALLOC_ARENA_MAX": "2",
    }


def refusal(mode: Mode, missing: list[str]) -> str:
    """Why no code is run here, and what to do about it."""
    why = "; ".join(missing)
    hint = "" if mode == "unsafe" else ". To run code unprotected, on a laptop only: WARREN_SANDBOX=unsafe"
    return f"generated code is not run, as nothing here can hold it: {why}{hint}"
