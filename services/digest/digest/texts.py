"""What people and feeds send, made fit to keep: text without HTML, one post at a time."""

import hashlib
import html
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime

from selectolax.lexbor import LexborHTMLParser

from warren.contracts.digest_records import NewPost

LONGEST_POST = 1_000_000
"""Characters, with HTML."""
LONGEST_TITLE = 500
LONGEST_ID = 500
LONGEST_URL = 2000

_BLOCK_END = re.compile(r"(?i)(<br\s*/?>|</(?:p|div|li|tr|h[1-6]|blockquote)>)")
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")
_LOST_ENTITY = re.compile(r"(?<![&\w])(#\d{2,5};)")
_INVISIBLE = ["script", "style", "noscript", "template", "iframe", "object", "svg", "head"]


@dataclass(frozen=True)
class CleanPost:
    """A post as it is stored."""

    external_id: str
    url: str
    title: str
    text: str
    author: str
    published_at: datetime | None


class Unfit(Exception):
    """This post cannot be kept."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def plain(text: str) -> str:
    """The text a reader would see, with single spaces, and line breaks between its blocks."""
    if "<" in text or "&" in text:
        tree = LexborHTMLParser(_BLOCK_END.sub(r"\1" + "\n", text))
        tree.strip_tags(_INVISIBLE, recursive=True)
        text = tree.body.text() if tree.body is not None else ""
    # Entities that lost their ampersand on the way, as those of some feeds do.
    text = _LOST_ENTITY.sub(lambda found: html.unescape(f"&{found[1]}"), text)
    # Control characters, and halves of surrogate pairs, which PostgreSQL cannot store.
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs"})
    return _LINES.sub("\n", _SPACES.sub(" ", unicodedata.normalize("NFC", text))).strip()


def clean(post: NewPost) -> CleanPost:
    """Raises `Unfit` with `post.empty`, `post.too_long` or `post.invalid`."""
    if len(post.text) + len(post.title) > LONGEST_POST:
        raise Unfit("post.too_long", f"A post has at most {LONGEST_POST:,} characters; this has {len(post.text):,}.")
    if len(post.external_id) > LONGEST_ID or len(post.url) > LONGEST_URL:
        raise Unfit("post.invalid", f"external_id has at most {LONGEST_ID} characters, url {LONGEST_URL}.")
    if post.url and not post.url.startswith(("http://", "https://")):
        raise Unfit("post.invalid", "url is not an http:// or https:// address.")
    title, text = " ".join(plain(post.title).split())[:LONGEST_TITLE], plain(post.text)
    if not title and not text:
        raise Unfit("post.empty", "Without HTML nothing is left of title and text.")
    published = post.published_at
    if published is not None and published.tzinfo is None:
        published = published.replace(tzinfo=UTC)
    return CleanPost(
        external_id=plain(post.external_id) or _fingerprint(post.url or f"{title}\n{text}"),
        url=plain(post.url),
        title=title,
        text=text,
        author=plain(post.author)[:LONGEST_TITLE],
        published_at=published,
    )


def _fingerprint(text: str) -> str:
    """A name for what has none: the same text again is the same post."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
