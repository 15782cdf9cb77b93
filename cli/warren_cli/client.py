"""The public API (docs/api.md) over HTTP: calls, uploads, and the events of a job until it ends."""

import argparse
import time
import uuid
from collections.abc import Iterator
from types import TracebackType
from typing import Any, BinaryIO, Self
from urllib.parse import quote

import httpx2

from warren_cli.errors import CommandError, Exit, Unavailable

Json = dict[str, Any]

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 45.0
"""Three times what the server lets pass between two comments of a quiet event stream."""
PATIENCE_SECONDS = 60.0
"""How long to try to reach a server that was there before, while a job is followed."""
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 8.0
TERMINAL = frozenset({"completed", "failed", "cancelled", "expired"})


class Client:
    """Calls to one server. All raise `CommandError`s, `Unavailable` where trying again may help."""

    def __init__(self, url: str, key: str = "") -> None:
        headers = {"User-Agent": "warren-cli"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        timeout = httpx2.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS, write=None)
        try:
            self._http = httpx2.Client(base_url=url, headers=headers, timeout=timeout)
            scheme, host = self._http.base_url.scheme, self._http.base_url.host
        except (httpx2.InvalidURL, ValueError) as error:  # a ValueError: a key that no header can hold
            raise CommandError(f"--url or --key cannot be used: {error}", Exit.USAGE) from None
        if scheme not in {"http", "https"} or not host:
            raise CommandError(f"--url {url!r} is no address like http://127.0.0.1:8000 (WARREN_URL).", Exit.USAGE)
        self.url = url

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> Self:
        return cls(arguments.url, arguments.key)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, **params: Any) -> Json:
        """What a GET answers; parameters that are None are left out."""
        return self._document("GET", path, params={k: v for k, v in params.items() if v is not None})

    def download(self, path: str) -> bytes:
        return self._call("GET", path).content

    def submit(self, path: str, body: Json) -> Json:
        """POST a JSON body that makes a job; returns the job."""
        return self._create(path, json=_filled(body))

    def upload(self, path: str, name: str, file: BinaryIO, fields: Json) -> Json:
        """POST a form with a file that makes a job; returns the job."""
        return self._create(path, files={"file": (name, file)}, data=_filled(fields))

    def stream(self, path: str, file: BinaryIO, media_type: str, **params: Any) -> Json:
        """POST a file as the body, however large, that makes a job; returns the job."""
        return self._create(path, content=file, params=params, headers={"Content-Type": media_type})

    def cancel(self, job_id: str) -> Json:
        return self._document("POST", f"{job_path(job_id)}/cancel")

    def follow(self, job_id: str) -> Iterator[Json]:
        """The job's events until it has ended, each once: a stream that drops goes on behind the last one seen.

        Where an event cannot be fetched for `PATIENCE_SECONDS` the last error is raised.
        """
        last = ""
        pause, deadline = FIRST_PAUSE_SECONDS, time.monotonic() + PATIENCE_SECONDS
        while True:
            wait = pause
            try:
                for event in self._events(job_id, last):
                    last = event["id"]
                    pause, deadline = FIRST_PAUSE_SECONDS, time.monotonic() + PATIENCE_SECONDS
                    yield event
                    if event["event"] in TERMINAL:
                        return
                if time.monotonic() > deadline:
                    raise Unavailable(f"{self.url} ends the event stream of {job_id} again and again.")
            except Unavailable as error:
                if time.monotonic() > deadline:
                    raise
                wait = max(pause, min(error.retry_after or 0.0, PATIENCE_SECONDS))
            time.sleep(wait)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _events(self, job_id: str, last: str) -> Iterator[Json]:
        headers = {"Last-Event-ID": last} if last else {}
        try:
            with self._http.sse(f"{job_path(job_id)}/events", headers=headers, max_event_size=None) as source:
                if source.response.is_error:
                    source.response.read()
                    raise refusal(source.response)
                for sent in source:
                    event = sent.json()
                    if isinstance(event, dict):
                        yield event
        except httpx2.TransportError as error:
            raise self._unreachable(error) from None

    def _create(self, path: str, *, headers: dict[str, str] | None = None, **body: Any) -> Json:
        # The key lets a server that was asked twice, by a proxy for example, make one job.
        headers = {"Idempotency-Key": uuid.uuid4().hex, **(headers or {})}
        return self._document("POST", path, headers=headers, **body)

    def _document(self, method: str, path: str, **request: Any) -> Json:
        response = self._call(method, path, **request)
        try:
            document = response.json()
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise CommandError(
                f"{response.request.url} answers no JSON document: is {self.url} the address of Warren? (--url)"
            )
        return document

    def _call(self, method: str, path: str, **request: Any) -> httpx2.Response:
        try:
            response = self._http.request(method, path, **request)
        except httpx2.TransportError as error:
            raise self._unreachable(error) from None
        if response.is_error:
            raise refusal(response)
        if not response.is_success:
            raise CommandError(f"{self.url} answers {response.status_code}: is this the address of Warren? (--url)")
        return response

    def _unreachable(self, error: httpx2.TransportError) -> Unavailable:
        reason = str(error) or type(error).__name__
        return Unavailable(
            f"{self.url} cannot be reached: {reason}. Is it running (make run)? Else give --url or WARREN_URL."
        )


def refusal(response: httpx2.Response) -> CommandError:
    """Why the server refused, in its own words where it has sent a problem document."""
    where = f"{response.request.method} {response.request.url}"
    try:
        problem = response.json()
        said = f"{problem['detail']} ({problem['code']})"
    except (ValueError, TypeError, KeyError):
        said = "an answer that is not Warren's; is this its address? (--url)"
    if response.status_code == 401:
        said += " Give --key or WARREN_API_KEY; `gateway keys create` makes one."
    message = f"{where} answered {response.status_code}: {said}"
    if response.status_code in {429, 502, 503, 504}:
        after = response.headers.get("Retry-After", "")
        return Unavailable(message, float(after) if after.isdecimal() else None)
    return CommandError(message)


def job_path(job_id: str) -> str:
    return f"/v1/jobs/{quote(job_id, safe='')}"


def _filled(fields: Json) -> Json:
    return {name: value for name, value in fields.items() if value is not None}
