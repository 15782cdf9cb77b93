"""A fork locks itself: after `lock` it can compute, answer, and little else."""

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from analyzer.sandbox.limits import Layer
from analyzer.sandbox.wire import Request
from analyzer.sandbox.zygote import landlock, seccomp

_SET_PARENT_DEATH_SIGNAL, _SET_DUMPABLE, _SET_NO_NEW_PRIVILEGES = 1, 4, 38
_OPEN_FILES = 64


class Locks(NamedTuple):
    """What has to be made before a fork, as it cannot be read or built after the lock."""

    folders: list[Path]
    run: seccomp.Filter | None
    prepare: seccomp.Filter | None

    @classmethod
    def make(cls) -> "Locks":
        library = seccomp.library()
        if library is None:
            return cls(landlock.library_folders(), None, None)
        return cls(landlock.library_folders(), seccomp.Filter(library), seccomp.Filter(library, threads=True))


def die_with_parent() -> None:
    """Have the kernel kill this process when the thread that started it ends (Linux only)."""
    _control(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def lock(locks: Locks, request: Request, readable: Iterable[int]) -> None:
    """Put on the layers of the request; files open as `readable` stay so. Raises OSError where a layer is missing."""
    _control(_SET_NO_NEW_PRIVILEGES, 1)
    _control(_SET_DUMPABLE, 0)
    if Layer.rlimits in request.layers:
        _limit_resources(request)
    if Layer.landlock in request.layers:
        landlock.restrict(locks.folders, readable)
    if Layer.seccomp in request.layers:
        filters = locks.run if request.operation == "run" else locks.prepare
        if filters is None:
            raise OSError(f"libseccomp is missing: {seccomp.INSTALL}")
        filters.install()


def _control(option: int, value: int) -> None:
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"prctl {option}: {os.strerror(code)}")


def _limit_resources(request: Request) -> None:
    limits = {
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_NOFILE: (_OPEN_FILES, _OPEN_FILES),
        resource.RLIMIT_FSIZE: (request.file_bytes, request.file_bytes),
        # SIGXCPU says why the fork dies; a second later comes SIGKILL for those that ignore it.
        resource.RLIMIT_CPU: (request.cpu_seconds, request.cpu_seconds + 1),
    }
    if sys.platform == "linux":  # macOS refuses limits on address space
        space = _mapped_bytes() + request.address_space
        limits[resource.RLIMIT_AS] = (space, space)
    for kind, (soft, hard) in limits.items():
        _, ceiling = resource.getrlimit(kind)
        highest = hard if ceiling == resource.RLIM_INFINITY else min(hard, ceiling)
        resource.setrlimit(kind, (min(soft, highest), highest))


def _mapped_bytes() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
