"""Identifiers: a prefix that says what it names, then time and chance: they sort by age and cannot be guessed."""

import secrets
import time
from datetime import datetime


def first_id(prefix: str, moment: datetime) -> str:
    """Sorts before every id made at or after this moment, and after every earlier one."""
    return f"{prefix}_{int(moment.timestamp() * 1000):012x}"


def new_id(prefix: str) -> str:
    """Like `job_0199c1d5e0f2…`: 12 hex digits of milliseconds since 1970, then 80 random bits (UUID 7's plan)."""
    return f"{prefix}_{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"
