"""Landlock: an unprivileged process gives up the file system, and cannot get it back.

Constants and structures are those of `linux/landlock.h`. Each version of the kernel's interface handles more kinds of
access; what this kernel does not know is left out.
"""

import ctypes
import os
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

# Added after the tables of system calls were unified: the same number on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_PATH_BENEATH = 1

_READ_FILE = 1 << 2
_READ_DIRECTORY = 1 << 3
_ALL_OF_VERSION_1 = (1 << 13) - 1
_REFER, _TRUNCATE, _DEVICE_IOCTL = 1 << 13, 1 << 14, 1 << 15
_BIND_AND_CONNECT_TCP = 0b11
_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"  # what a packed structure means; from Python 3.14 on it has to be said
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def version() -> int:
    """Version of the kernel's Landlock interface; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    return max(0, int(libc.syscall(ctypes.c_long(_CREATE_RULESET), None, ctypes.c_size_t(0), _VERSION_FLAG)))


def library_folders() -> list[Path]:
    """Folders Python imports from or reads time zones from: all that an analysis may read."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    folders = {Path(sysconfig.get_path(name)).resolve() for name in names}
    folders.add(Path("/usr/share/zoneinfo").resolve())
    return sorted(folder for folder in folders if folder.is_dir())


def restrict(folders: Iterable[Path], descriptors: Iterable[int] = ()) -> None:
    """Leave this thread only reading below `folders`, and of the files open as `descriptors`.

    Nothing can be written, executed, made or removed, no TCP port bound or reached, no process outside signalled.
    Needs `no_new_privs`. Raises OSError where the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    kernel = version()
    files = _ALL_OF_VERSION_1
    files |= _REFER if kernel >= 2 else 0
    files |= _TRUNCATE if kernel >= 3 else 0
    files |= _DEVICE_IOCTL if kernel >= 5 else 0
    rules = _Ruleset(
        files, _BIND_AND_CONNECT_TCP if kernel >= 4 else 0, _ABSTRACT_SOCKETS_AND_SIGNALS if kernel >= 6 else 0
    )
    # A kernel that does not know the last fields takes them as long as they are zero.
    ruleset = _call(libc, _CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(ctypes.sizeof(rules)), 0)
    for folder in folders:
        parent = os.open(folder, os.O_PATH | os.O_CLOEXEC)
        _allow(libc, ruleset, parent, _READ_FILE | _READ_DIRECTORY)
        os.close(parent)
    for descriptor in descriptors:
        _allow(libc, ruleset, descriptor, _READ_FILE)
    _call(libc, _RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, parent: int, access: int) -> None:
    rule = _PathBeneath(access, parent)
    _call(libc, _ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)


def _call(libc: ctypes.CDLL, number: int, *arguments: object) -> int:
    result = int(libc.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock (system call {number}): {os.strerror(code)}")
    return result
