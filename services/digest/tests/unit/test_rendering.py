"""Digests as Markdown: what posts say stays text, and reads as it was written."""

from datetime import UTC, datetime

import pytest

from digest.rendering import markdown
from warren.contracts.digest_records import Digest, DigestItem, Section, Sentence


def shown(text: str) -> str:
    """The line of a story that says this."""
    item = DigestItem(title="t", url="", sentences=(Sentence(text=text, post_ids=("post_1",)),), post_ids=("post_1",))
    digest = Digest(
        id="dig_1", bot_id="bot_1", build_id="job_1", title="News", language="en", engine="local", prompt_version=1,
        posts=1, considered=1, created_at=datetime.now(UTC), sections=(Section(category="c", items=(item,)),),
    )  # fmt: skip
    lines = markdown(digest).text.splitlines()
    return lines[lines.index("### t") + 2].removesuffix(" \\[1\\]")


@pytest.mark.parametrize(
    "text", ["Lost 92-73 (again), it said!", "A well-known 10.5 {percent} + more", "The end - of 2026. It is"]
)
def test_ordinary_words_are_left_as_they_are(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("[a](http://x.example) ![b](c)", r"\[a\](http://x.example) !\[b\](c)"),
        ("<b>*bold* _it_ `code`", r"\<b\>\*bold\* \_it\_ \`code\`"),
        ("# heading", r"\# heading"),
        ("- item", r"\- item"),
        ("1986. A year", r"1986\. A year"),
        ("=== line", r"\=== line"),
    ],
)
def test_what_would_be_markup_is_escaped(text: str, escaped: str) -> None:
    assert shown(text) == escaped
