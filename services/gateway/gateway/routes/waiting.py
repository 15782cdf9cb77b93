"""`Prefer: wait=10` (RFC 7240): how long a client would like to wait for a job's end."""

import re

from fastapi import Request

from gateway.answers import Answer
from gateway.service import Gateway

MAX_WAIT_SECONDS = 60

_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*(\d{1,6})\b", re.IGNORECASE)


def wanted_wait(request: Request) -> int:
    """Seconds; 0 if the client does not want to wait. A preference we cannot read is ignored, as the RFC says."""
    found = _WAIT.search(request.headers.get("Prefer", ""))
    return min(int(found.group(1)), MAX_WAIT_SECONDS) if found else 0


async def after_waiting(gateway: Gateway, key_id: str, accepted: Answer, wait: int) -> Answer:
    """The answer to a request that made a job, which has up to `wait` seconds to end: then it is 200."""
    if not wait:
        return accepted
    job_id = accepted.headers["Location"].rsplit("/", 1)[-1]
    ended = await gateway.watches.ended(job_id, wait)
    kept = ("Location", "Idempotency-Replayed")
    headers = {name: accepted.headers[name] for name in kept if name in accepted.headers}
    return Answer(await gateway.view(await gateway.job(key_id, job_id)), 200 if ended else 202, headers)
