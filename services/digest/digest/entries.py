"""What a feed holds. Runs in a process of its own: the parser is slow."""

import calendar
import io
from datetime import UTC, datetime
from typing import Any

import feedparser

from warren.contracts.digest_records import NewPost

LONGEST_ENTRY = 200_000
"""Characters of one entry that are read; who sends more sends no news."""


def read_feed(body: bytes, content_type: str) -> tuple[list[NewPost], str]:
    """The entries, or why there are none."""
    feed = feedparser.parse(io.BytesIO(body), response_headers={"content-type": content_type})
    if not feed.get("version") and not feed.entries:
        looks_html = b"<html" in body[:2000].lower() or b"<!doctype html" in body[:2000].lower()
        return [], "It is a web page, not a feed." if looks_html else "It is not a feed (RSS or Atom)."
    return [_post(entry) for entry in feed.entries], ""


def _post(entry: Any) -> NewPost:
    contents = [item.get("value", "") for item in entry.get("content", [])]
    text = max([entry.get("summary", ""), *contents], key=len)
    moment = entry.get("published_parsed") or entry.get("updated_parsed")
    link = entry.get("link", "")
    return NewPost(
        external_id=entry.get("id", "")[:500],
        url=link if link.startswith(("http://", "https://")) and len(link) <= 2000 else "",
        title=entry.get("title", ""),
        text=text[:LONGEST_ENTRY],
        author=entry.get("author", ""),
        published_at=datetime.fromtimestamp(calendar.timegm(moment), UTC) if moment else None,
    )
