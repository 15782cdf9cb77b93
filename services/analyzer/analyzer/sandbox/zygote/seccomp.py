"""seccomp: a process gives up all system calls but a few, through libseccomp, which knows them by name.

What is denied answers EPERM, so that Python raises PermissionError; foreign instruction sets (32-bit calls on a 64-bit
kernel) kill the process, which is libseccomp's default.
"""

import ctypes
import errno
import fcntl
import os
import sys
from typing import NamedTuple

INSTALL = "install libseccomp (Debian, Ubuntu: apt-get install libseccomp2; Fedora: dnf install libseccomp)"

_ALLOW = 0x7FFF0000
_FAIL = 0x00050000
_LESS, _EQUAL, _MASKED_EQUAL = 2, 4, 7
_CLONE_THREAD = 0x00010000
_LAST_HARMLESS_ADVICE = 99  # from 100 on, root may poison pages of the machine (MADV_HWPOISON)

# Reading and writing what is open; looking at files, which Landlock bounds; memory; time; itself; the end.
_NAMES = """
    read write readv writev pread64 pwrite64 close lseek dup poll ppoll select pselect6
    fstat stat lstat newfstatat statx access faccessat faccessat2 readlink readlinkat getdents64 getcwd
    mmap munmap mremap mprotect brk futex
    clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time restart_syscall
    rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack
    getrandom getpid gettid getppid getuid geteuid getgid getegid uname sysinfo
    getrusage times sched_yield sched_getaffinity getcpu rseq set_robust_list membarrier
    exit exit_group
"""


class _Comparison(ctypes.Structure):
    """`struct scmp_arg_cmp` of seccomp.h."""

    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )


class _Rule(NamedTuple):
    """Allow this call where its argument compares so (`first` is the mask of `_MASKED_EQUAL`)."""

    name: str
    argument: int
    operator: int
    first: int
    second: int = 0


def _conditional_rules(threads: bool) -> list[_Rule]:
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    rules = [
        _Rule("open", 1, _MASKED_EQUAL, writing),
        _Rule("openat", 2, _MASKED_EQUAL, writing),
        _Rule("prlimit64", 2, _EQUAL, 0),  # reads limits, sets none
        _Rule("madvise", 2, _LESS, _LAST_HARMLESS_ADVICE + 1),
    ]
    # Not F_SETOWN with F_SETSIG: they have the kernel send any signal to any process of this user.
    commands = (fcntl.F_GETFD, fcntl.F_SETFD, fcntl.F_GETFL, fcntl.F_DUPFD, fcntl.F_DUPFD_CLOEXEC)
    rules += [_Rule("fcntl", 1, _EQUAL, command) for command in commands]
    if threads:
        rules.append(_Rule("clone", 0, _MASKED_EQUAL, _CLONE_THREAD, _CLONE_THREAD))
    return rules


def library() -> ctypes.CDLL | None:
    """libseccomp, or None where it is not installed. To be called before the lock: afterwards it cannot be read."""
    if sys.platform != "linux":
        return None
    try:
        lib = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    except OSError:
        return None
    lib.seccomp_init.argtypes = [ctypes.c_uint32]
    lib.seccomp_init.restype = ctypes.c_void_p
    lib.seccomp_syscall_resolve_name.argtypes = [ctypes.c_char_p]
    lib.seccomp_rule_add_array.argtypes = [
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.POINTER(_Comparison),
    ]
    lib.seccomp_load.argtypes = [ctypes.c_void_p]
    lib.seccomp_release.argtypes = [ctypes.c_void_p]
    return lib


class Filter:
    """An allow-list, made once in the zygote, put on by its forks. `threads`: they may start threads, not processes."""

    def __init__(self, lib: ctypes.CDLL, *, threads: bool = False) -> None:
        self._lib = lib
        self._context = lib.seccomp_init(_FAIL | errno.EPERM)
        if not self._context:
            raise OSError(errno.ENOMEM, "libseccomp cannot make a filter")
        for name in _NAMES.split():
            self._add(_ALLOW, name)
        for rule in _conditional_rules(threads):
            comparison = _Comparison(rule.argument, rule.operator, rule.first, rule.second)
            self._add(_ALLOW, rule.name, comparison)
        # Its flags are behind a pointer, out of a filter's sight; the C library then falls back to clone.
        self._add(_FAIL | errno.ENOSYS, "clone3")

    def install(self) -> None:
        """Put the filter on this process, for good. Sets `no_new_privs`. Raises OSError where the kernel refuses."""
        _check(self._lib.seccomp_load(self._context), "seccomp_load")

    def _add(self, action: int, name: str, *comparisons: _Comparison) -> None:
        number = self._lib.seccomp_syscall_resolve_name(name.encode())
        if number < 0:  # this architecture has no such call (open, stat and time on aarch64)
            return
        array = (_Comparison * max(1, len(comparisons)))(*comparisons)
        result = self._lib.seccomp_rule_add_array(self._context, action, number, len(comparisons), array)
        _check(result, f"seccomp rule for {name}")


def _check(result: int, what: str) -> None:
    if result != 0:
        raise OSError(-result, f"{what}: {os.strerror(-result)}")
