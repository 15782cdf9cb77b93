"""What a run may use, and which layers hold it back."""

import enum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

MEBIBYTE = 1 << 20

Tier = Literal["full", "bubblewrap", "unsafe", "none"]
"""How well code is held: by Landlock and seccomp, by bubblewrap and seccomp, by nothing that resists an attacker, or
not at all, in which case no code is run."""


Mode = Literal["auto", "unsafe"]
"""`auto`: refuse to run code that the kernel cannot hold. `unsafe`: run it anyway, on a laptop."""


class Layer(enum.StrEnum):
    """One of the things between a run and the machine. The watchdog and the caps on the reply are always there."""

    gate = "gate"
    """Refuses code early, in words that a model can repair from. No boundary."""
    rlimits = "rlimits"
    """Bounds memory, processor time, files."""
    landlock = "landlock"
    """Hides the file system, but for Python's own libraries."""
    seccomp = "seccomp"
    """Denies every system call that an analysis does not need."""


class SandboxLimits(BaseModel):
    """Settings of a `Sandbox`. Memory is counted on top of what a warm, idle fork already uses."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Mode = Field("auto", description="auto: refuse code that the kernel cannot hold; unsafe: run it anyway")
    wall_seconds: float = Field(60.0, gt=0, description="Time from the start of a run until it is killed")
    cpu_seconds: int = Field(60, gt=0, description="Processor time of one run, should the watchdog be late")
    address_space: int = Field(2048 * MEBIBYTE, gt=0, description="Bytes of memory a run may map")
    prepared_bytes: int = Field(
        2048 * MEBIBYTE, gt=0, description="Largest Arrow file that reading an upload may write"
    )
    result_bytes: int = Field(4 * MEBIBYTE, gt=0, description="Largest result of a run, as JSON without its pictures")
    picture_bytes: int = Field(16 * MEBIBYTE, gt=0, description="Largest sum of all pictures of a run")
    pictures: int = Field(10, ge=0, description="Pictures kept of one run; further figures are dropped")
    concurrency: int = Field(4, ge=1, description="Runs at a time; others wait for their turn")
