"""RabbitMQ's management API over HTTP, as far as operators need it."""

import json
import urllib.request
from typing import Any
from urllib.parse import unquote, urlsplit

SECONDS = 20.0


def import_definitions(url: str, definitions: dict[str, Any]) -> None:
    """Have RabbitMQ make what `definitions` say, on top of what it has. `url` is `http://user:password@host:port`.

    Raises `OSError` (urllib's errors are of that kind) if it is away or refuses.
    """
    parts = urlsplit(url)
    address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/api/definitions"
    if parts.scheme not in {"http", "https"}:
        raise OSError(f"not an http address: {parts.scheme}://…")
    passwords = urllib.request.HTTPPasswordMgrWithPriorAuth()
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    passwords.add_password(None, address, user, password, is_authenticated=True)
    opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(passwords))
    body, headers = json.dumps(definitions).encode(), {"Content-Type": "application/json"}
    opener.open(urllib.request.Request(address, body, headers), timeout=SECONDS).close()  # noqa: S310  checked above
