"""Bots and digests in the console, with the real service: made, tried, run, read; hostile posts stay text."""

import json
import re
from dataclasses import dataclass

import httpx2
import pytest
from playwright.async_api import expect

from .conftest import ANSWER_MS, FAINT_TEXT, PHONE, Console, OpenConsole, Suite

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOSTILE = "&lt;img src=x onerror=window.pwned=1&gt; wins the football cup"
"""HTML for what looks like HTML; the service takes away what is."""
WINS = re.compile("wins the football cup$")
POSTS = (
    (
        HOSTILE,
        "The team won the &lt;script&gt;window.pwned=1&lt;/script&gt; cup final. Its coach praised every player.",
    ),
    ("Striker signs for rivals", "The striker will play football for the rival club next season."),
    ("Shares fall after warning", "Shares of the company fell by a tenth. Investors were warned about its profit."),
    ("البنك يرفع أسعار الفائدة", "رفع البنك المركزي أسعار الفائدة مرة أخرى."),
)
CATEGORIES = (
    {"name": "Sports", "description": "football matches, teams, players, coaches, cups"},
    {"name": "<b>Business</b>", "description": "companies, shares, profit, investors, banks"},
)
PLANTED = """() => document.querySelectorAll(
  "main img, main script, main b, main [onerror], dialog[open] img, dialog[open] script, dialog[open] [onerror]"
).length"""


@dataclass(frozen=True)
class News:
    """A channel with hostile posts, a bot that reads it, and the digest it made."""

    channel: str
    bot: str
    digest: str


@pytest.fixture(scope="session")
def news(suite: Suite) -> News:
    with httpx2.Client(base_url=suite.url, timeout=ANSWER_MS / 1000 + 10, trust_env=False) as http:
        channel = http.post("/v1/channels", json={"name": "<i>Hostile</i> news"}).json()["id"]
        lines = "\n".join(json.dumps({"external_id": title, "title": title, "text": text}) for title, text in POSTS)
        sent = http.post(
            f"/v1/posts?channel_id={channel}", content=lines, headers={"Content-Type": "application/x-ndjson"}
        )
        assert sent.json()["added"] == len(POSTS), sent.text
        spec = {"name": "<i>Everything</i>", "channels": [channel], "categories": CATEGORIES}
        bot = http.post("/v1/bots", json=spec).json()["id"]
        run = http.post(f"/v1/bots/{bot}/runs", headers={"Prefer": "wait=60"}).json()
        assert run["status"] == "completed", run
        return News(channel, bot, run["result"]["digest_id"])


async def test_a_bot_is_made_tried_and_run_and_its_digest_is_read(console: Console, news: News) -> None:
    page = console.page
    await page.get_by_role("link", name="Digests").click()
    await page.get_by_role("link", name="New bot").click()
    await page.get_by_label("Name", exact=True).fill("My sports")
    await page.get_by_label("Name of the category").first.fill("Sports")
    await page.get_by_label("What belongs there").first.fill("football matches, teams, players, cups")
    await page.get_by_label("<i>Hostile</i> news").first.check()
    await page.get_by_role("button", name="Create the bot").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("My sports")

    await page.get_by_role("button", name="Try on ten posts").click()
    await expect(page.locator(".tried li")).to_have_count(len(POSTS), timeout=ANSWER_MS)
    await expect(page.locator(".tried")).to_contain_text("wins the football cup")

    await page.get_by_role("button", name="Make a digest now").click()
    await expect(page.get_by_role("list", name="Batches").get_by_role("listitem").first).to_contain_text("Batch 1")
    read = page.get_by_role("link", name="Read the digest")
    await expect(read).to_be_visible(timeout=ANSWER_MS)
    await expect(page.locator(".digest-list li")).to_have_count(1)
    await page.get_by_text("What was left out lately, and why").click()
    await expect(page.get_by_role("listitem").filter(has_text="Shares fall after warning").last).to_contain_text(
        "category"
    )
    await page.get_by_role("heading", name="Try it out").scroll_into_view_if_needed()
    await read.click()
    await expect(page.locator(".digest .story").first).to_be_visible()
    assert await page.evaluate("[scrollY, document.activeElement.id]") == [0, "digests"]
    await expect(page.get_by_role("heading", level=2)).to_have_text("Sports")
    await _nothing_came_of_it(console)


async def test_a_digest_cites_its_posts_and_goes_along_as_markdown(open_console: OpenConsole, news: News) -> None:
    async with open_console(path=f"/#/digests/{news.digest}") as console:
        page = console.page
        await expect(page.locator(".story").first).to_be_visible()
        await expect(page.get_by_role("heading", name=WINS)).to_be_visible()
        story = page.locator(".story").filter(has=page.get_by_role("heading", name=WINS))
        await story.get_by_role("button", name=re.compile("^Source")).first.click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("heading", name=WINS)).to_be_visible()
        await expect(dialog).to_contain_text("Its coach praised every player.")
        await _nothing_came_of_it(console)
        await page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()

        async with page.expect_download() as started:
            await page.get_by_role("button", name="Download Markdown").click()
        kept = await started.value
        assert kept.suggested_filename.endswith(".md")
        assert "Sports" in (await kept.path()).read_text()


async def test_a_digest_is_made_again_under_another_prompt_and_compared(open_console: OpenConsole, news: News) -> None:
    async with open_console(path=f"/#/digests/{news.digest}") as console:
        page = console.page
        await page.get_by_text("Make it again under other prompts").click()
        await page.get_by_label("How to sort posts").fill("Only what is about football.")
        await page.get_by_role("button", name="Make it again and compare").click()
        read = page.get_by_role("link", name="Read the new digest")
        await expect(read).to_be_visible(timeout=ANSWER_MS)
        await expect(page.locator(".tried")).to_contain_text("changed their category")
        await _nothing_came_of_it(console)
        await read.click()
        await expect(page.locator(".digest header")).to_contain_text("made again under another prompt")


async def test_what_is_not_saved_yet_can_be_tried(open_console: OpenConsole, news: News) -> None:
    async with open_console(path=f"/#/digests/edit-{news.bot}") as console:
        page = console.page
        await page.get_by_label("Name of the category").first.fill("Kicking balls")
        await page.get_by_role("button", name="Try on ten posts").click()
        await expect(page.locator(".tried .tag").filter(has_text="Kicking balls").first).to_be_visible(
            timeout=ANSWER_MS
        )
        await page.get_by_role("link", name="Cancel").click()
        await expect(page.get_by_role("list", name="Categories")).to_contain_text("Sports")


async def test_links_lead_to_web_pages_only(console: Console) -> None:
    shown = await console.page.evaluate(
        """async (addresses) => {
          const { webAddress } = await import("./console/lib/links.js");
          return addresses.map(webAddress);
        }""",
        ["https://example.org/a?b=1", "javascript:alert(1)", "data:text/html,x", "//example.org", "no address", ""],
    )

    assert shown == ["https://example.org/a?b=1", None, None, None, None, None]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_page_fits_a_phone_in_russian(open_console: OpenConsole, news: News, scheme: str) -> None:
    pages = ("", f"/{news.bot}", f"/edit-{news.bot}", f"/{news.digest}")
    async with open_console(locale="ru-RU", color_scheme=scheme, **PHONE) as console:
        for path in pages:
            await console.page.evaluate("(to) => { location.hash = to; }", f"#/digests{path}")
            await expect(console.page.locator("#digests h1")).to_be_visible()
            await expect(console.page.locator("#digests .loading")).to_have_count(0)
            shown = await console.page.locator("#digests").inner_text()

            assert await console.width_of_content() <= 375, path
            assert await console.page.evaluate(FAINT_TEXT) == [], path
            assert re.search(r"\b(Bots?|Channels?|Category|Digests?|Edit|Back|stories|Delete)\b", shown) is None, path
            await _nothing_came_of_it(console)


async def _nothing_came_of_it(console: Console) -> None:
    assert await console.page.evaluate("window.pwned") is None
    assert await console.page.evaluate(PLANTED) == 0
