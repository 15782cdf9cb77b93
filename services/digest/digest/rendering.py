"""Digests as people read them: Markdown, HTML and Atom. All that comes from posts or models is escaped."""

import html
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from warren.contracts.digest_records import Bot, Digest, DigestItem, Rendering

ATOM = "http://www.w3.org/2005/Atom"
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~])")
_MARKDOWN_START = re.compile(r"^([-+=]|\d{1,9}(?=[.)]))")
"""What makes a list or a heading, but only at the beginning of a line."""
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def markdown(digest: Digest) -> Rendering:
    """Every sentence is followed by the numbers of its posts, which the end lists with their ids."""
    numbers = _numbers(digest)
    lines = [f"# {_escaped(digest.title)}", "", f"*{_escaped(_origin(digest))}*"]
    for section in digest.sections:
        lines += ["", f"## {_escaped(section.category)}"]
        for item in section.items:
            title = _escaped(item.title)
            heading = f"[{title}](<{_href(item.url)}>)" if _href(item.url) else title
            said = " ".join(
                f"{_escaped(sentence.text)} {_marks(numbers, sentence.post_ids)}" for sentence in item.sentences
            )
            lines += ["", f"### {heading}", "", said]
    lines += ["", "---", "", *(f"{number}. `{post_id}`" for post_id, number in numbers.items()), ""]
    return Rendering(media_type="text/markdown; charset=utf-8", text="\n".join(lines))


def page(digest: Digest) -> Rendering:
    """A whole HTML document, without scripts or anything from elsewhere."""
    language = html.escape(digest.language, quote=True)
    text = (
        f'<!doctype html>\n<html lang="{language}">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(digest.title)}</title><style>{_STYLE}</style></head>\n"
        f"<body>\n<main>\n{fragment(digest)}</main>\n</body>\n</html>\n"
    )
    return Rendering(media_type="text/html; charset=utf-8", text=text)


def fragment(digest: Digest) -> str:
    """The body of the page."""
    numbers = _numbers(digest)
    parts = [f"<h1>{html.escape(digest.title)}</h1>\n<p class=origin>{html.escape(_origin(digest))}</p>\n"]
    for section in digest.sections:
        parts.append(f"<section>\n<h2>{html.escape(section.category)}</h2>\n")
        parts += [_article(item, numbers) for item in section.items]
        parts.append("</section>\n")
    return "".join(parts)


def atom(bot: Bot, digests: Sequence[Digest], url: str, digest_url: str) -> Rendering:
    """A feed of the bot's latest digests (RFC 4287)."""
    ET.register_namespace("", ATOM)
    feed = ET.Element(f"{{{ATOM}}}feed")
    updated = digests[0].created_at if digests else bot.created_at
    _add(feed, "id", f"urn:warren:{bot.id}")
    _add(feed, "title", bot.name)
    _add(feed, "updated", _time(updated))
    ET.SubElement(feed, f"{{{ATOM}}}link", {"rel": "self", "href": url})
    _add(ET.SubElement(feed, f"{{{ATOM}}}author"), "name", "Warren")
    for digest in digests:
        entry = ET.SubElement(feed, f"{{{ATOM}}}entry")
        _add(entry, "id", f"urn:warren:{digest.id}")
        _add(entry, "title", digest.title)
        _add(entry, "updated", _time(digest.created_at))
        link = digest_url.replace("{id}", digest.id)
        ET.SubElement(entry, f"{{{ATOM}}}link", {"rel": "alternate", "type": "text/html", "href": link})
        _add(entry, "content", fragment(digest), type="html")
    text = ET.tostring(feed, encoding="unicode", xml_declaration=True)
    return Rendering(media_type="application/atom+xml; charset=utf-8", text=text)


def _add(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, f"{{{ATOM}}}{name}", attributes).text = _NOT_XML.sub("", text)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _origin(digest: Digest) -> str:
    made = {"llm": "a language model", "local": "the local engine"}.get(
        digest.engine, "a language model and the local engine"
    )
    return f"{digest.posts} of {digest.considered} posts, written by {made}"


def _numbers(digest: Digest) -> dict[str, int]:
    """Posts by the order in which they are cited."""
    cited = [p for s in digest.sections for i in s.items for t in i.sentences for p in t.post_ids]
    return {post_id: number for number, post_id in enumerate(dict.fromkeys(cited), 1)}


def _marks(numbers: dict[str, int], post_ids: Sequence[str]) -> str:
    return "".join(f"\\[{numbers[post_id]}\\]" for post_id in post_ids)


def _article(item: DigestItem, numbers: dict[str, int]) -> str:
    title, href = html.escape(item.title), _href(item.url)
    heading = f'<a href="{html.escape(href, quote=True)}" rel="nofollow noopener">{title}</a>' if href else title
    said = " ".join(
        f"{html.escape(sentence.text)}"
        + "".join(f'<sup title="{html.escape(p, quote=True)}">{numbers[p]}</sup>' for p in sentence.post_ids)
        for sentence in item.sentences
    )
    more = len(item.post_ids) - 1
    also = f"<p class=also>and {more} more with the same news</p>\n" if more else ""
    return f"<article>\n<h3>{heading}</h3>\n<p>{said}</p>\n{also}</article>\n"


def _href(url: str) -> str:
    """The URL if a reader may follow it, else nothing."""
    try:
        safe = urlsplit(url).scheme in {"http", "https"} and not any(c in url for c in "<>\n\r \"'")
    except ValueError:
        return ""
    return url if safe else ""


def _escaped(text: str) -> str:
    line = _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
    start = _MARKDOWN_START.match(line)
    if start is None:
        return line
    at = start.end() if line[0].isdigit() else 0
    return f"{line[:at]}\\{line[at:]}"


_STYLE = (
    "body{font:1.05rem/1.55 Georgia,serif;margin:0;background:#fbfaf7;color:#1d1d1b}"
    "main{max-width:40rem;margin:0 auto;padding:2rem 1rem}h1{font-size:1.6rem;margin:0}"
    "h2{font-size:1rem;text-transform:uppercase;letter-spacing:.08em;border-bottom:1px solid #cbc6ba;margin:2rem 0 0}"
    "h3{font-size:1.1rem;margin:1.2rem 0 .2rem}p{margin:.2rem 0}a{color:inherit}sup{color:#85765a;margin-left:.15em}"
    ".origin,.also{color:#6c6656;font-size:.9rem}"
    "@media(prefers-color-scheme:dark){body{background:#181816;color:#e8e5dc}h2{border-color:#4a473f}}"
)
