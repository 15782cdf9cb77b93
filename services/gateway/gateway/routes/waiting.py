"""`Prefer: wait=10` (RFC 7240): how long a client would like to wait for a job's end."""

import re

from fastapi import Request

MAX_WAIT_SECONDS = 60

_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*(\d{1,6})\b", re.IGNORECASE)


def wanted_wait(request: Request) -> int:
    """Seconds; 0 if the client does not want to wait. A preference we cannot read is ignored, as the RFC says."""
    found = _WAIT.search(request.headers.get("Prefer", ""))
    return min(int(found.group(1)), MAX_WAIT_SECONDS) if found else 0
