"""Texts in the console, with the real service: added from files, found by words and by each other, drawn on a map."""

import asyncio
import json
import re
from urllib.parse import quote

import pytest
from playwright.async_api import Page, Route, WebSocketRoute, expect

from .conftest import ANSWER_MS, FAINT_TEXT, PHONE, OpenConsole

pytestmark = pytest.mark.asyncio(loop_scope="session")

SAMPLE_TEXTS = 40
SHIP = "a painted ship upon a painted ocean"
HOSTILE = "<img src=x onerror=window.pwned=1>"
LINES = "\n".join(
    [
        json.dumps({"track_id": f"{HOSTILE} one", "text": f"Quixotic zeppelins {HOSTILE} over the moor"}),
        "this is no JSON",
        json.dumps({"track_id": HOSTILE}),
        json.dumps({"track_id": "moor-two", "text": "Quixotic zeppelins over the moor, and rain"}),
    ]
)
PLANTED = """() => document.querySelectorAll("#texts img, #texts script, #texts [onerror]").length"""


async def test_the_sample_is_added_and_texts_that_are_alike_are_found(open_console: OpenConsole) -> None:
    async with open_console(path="/#/texts") as console:
        page = console.page
        await _add_sample(page)
        counts = await page.locator(".counts dd").all_inner_texts()
        assert int(counts[0]) + int(counts[1]) == SAMPLE_TEXTS
        assert counts[2:] == ["0", "0"]

        await page.get_by_role("link", name="ship on the stormy sea").click()
        await expect(page.get_by_role("heading", name="Most like “ship on the stormy sea”")).to_be_visible()
        await page.get_by_role("textbox", name="Look for texts").fill(SHIP)
        await page.keyboard.press("Enter")
        texts = page.locator(".found > li")
        await expect(texts.filter(has_text="coleridge-mariner")).to_be_visible(timeout=ANSWER_MS)
        await expect(page.locator(".map .point")).to_have_count(await texts.count())
        await expect(page.locator(".map .origin")).to_have_count(1)

        await texts.nth(1).hover()
        await expect(page.locator(".point.lit")).to_have_attribute("aria-label", re.compile(r"^2\. "))
        await page.locator(".point").first.focus()
        await expect(page.locator(".found > li.lit")).to_have_count(1)
        await page.locator(".point").first.press("Enter")
        await expect(texts.last).to_be_focused()  # the nearest is drawn last

        await page.get_by_role("link", name="Similar to coleridge-mariner").click()
        await expect(page.get_by_role("heading", name="Most like the text coleridge-mariner")).to_be_focused()
        await expect(texts.first).to_be_visible(timeout=ANSWER_MS)
        await expect(texts.filter(has=page.get_by_role("heading", name="coleridge-mariner"))).to_have_count(0)
        await page.go_back()
        await expect(page.get_by_role("textbox", name="Look for texts")).to_have_value(SHIP)
        await page.reload()
        await expect(texts.filter(has_text="coleridge-mariner")).to_be_visible(timeout=ANSWER_MS)


async def test_a_filter_narrows_and_is_dropped_again(open_console: OpenConsole) -> None:
    async with open_console(path="/#/texts") as console:
        page = console.page
        await _add_sample(page)
        await page.get_by_role("textbox", name="Look for texts").fill("белеет парус одинокой в тумане моря")
        await page.get_by_label("Language").select_option("ru")
        await page.get_by_role("button", name="Search").click()
        texts = page.locator(".found > li")
        await expect(texts.filter(has_text="лермонтов-парус")).to_be_visible(timeout=ANSWER_MS)
        await expect(texts.filter(has_text="coleridge-mariner")).to_have_count(0)

        topic = texts.first.get_by_role("link", name=re.compile("^Only texts with the topic ")).first
        words = await topic.inner_text()
        await topic.click()
        await expect(page.get_by_role("textbox", name="Topic")).to_have_value(words)
        await expect(texts.first.get_by_role("link", name=f"Only texts with the topic {words}")).to_be_visible(
            timeout=ANSWER_MS
        )
        await page.get_by_role("textbox", name="Topic").fill("no text is about this")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("No text fits this filter.")).to_be_visible(timeout=ANSWER_MS)
        await page.get_by_role("link", name="Show all").click()
        await expect(texts.first).to_be_visible(timeout=ANSWER_MS)
        await expect(page.get_by_label("Language")).to_have_value("")


async def test_broken_lines_are_listed_and_hostile_texts_stay_text(open_console: OpenConsole) -> None:
    async with open_console(path="/#/texts") as console:
        page = console.page
        await _add(page, f"{HOSTILE}.ndjson", LINES)
        report = page.locator(".texts-batch").first
        await expect(report.locator(".counts")).to_be_visible(timeout=ANSWER_MS)
        lines = report.get_by_role("region", name="Something was wrong with 2 lines").get_by_role("listitem")
        await expect(lines).to_have_text(
            ["Line 2:It is no JSON object.", f"Line 3:{HOSTILE}It has no track_id, or no text."]
        )
        async with page.expect_download() as started:
            await report.get_by_role("button", name="Download the list").click()
        kept = (await (await started.value).path()).read_text().splitlines()
        assert [json.loads(line)["line"] for line in kept] == [2, 3]
        await page.reload()
        await expect(lines).to_have_count(2)

        await page.get_by_role("textbox", name="Look for texts").fill(f"quixotic zeppelins {HOSTILE}")
        await page.keyboard.press("Enter")
        found = page.locator(".found > li").filter(has=page.get_by_role("heading", name=f"{HOSTILE} one"))
        await expect(found).to_contain_text(f"Quixotic zeppelins {HOSTILE}", timeout=ANSWER_MS)
        await found.get_by_role("link", name=re.compile("^Similar to ")).click()
        await expect(page.locator(".found > li").first).to_contain_text("moor-two", timeout=ANSWER_MS)
        assert await page.evaluate("window.pwned") is None
        assert await page.evaluate(PLANTED) == 0


async def test_texts_without_what_the_language_model_says_are_counted(open_console: OpenConsole) -> None:
    async with open_console(path="/#/texts") as console:
        page = console.page

        async def left_out(route: Route) -> None:
            answer = await route.fetch()
            job = await answer.json()
            if job["result"]:
                job["result"]["llm_failed"] = 2
            await route.fulfill(response=answer, json=job)

        await page.route(re.compile(r"/v1/jobs/job_[^/?]+(\?.*)?$"), left_out)
        await _add(page, "two.ndjson", LINES)
        bad = page.locator(".counts .bad")
        await expect(bad).to_have_count(2, timeout=ANSWER_MS)
        assert (await bad.all_inner_texts())[1].split("\n") == ["without the language model", "2"]


async def test_what_does_not_work_is_said(open_console: OpenConsole) -> None:
    async with open_console(path="/#/texts") as console:
        page = console.page
        await page.get_by_role("button", name="Search").click()
        await expect(page.get_by_text("Write some words to look for.")).to_be_visible()
        await expect(page.get_by_role("textbox", name="Look for texts")).to_be_focused()

        await _add(page, "empty.ndjson", "")
        await expect(page.get_by_role("alert").filter(has_text="file.empty")).to_be_visible()
        await _add(page, "no-columns.csv", "name,words\na,b\n")
        await expect(page.get_by_role("alert").filter(has_text="batch.no_columns")).to_be_visible(timeout=ANSWER_MS)

        await page.evaluate("(to) => { location.hash = to; }", f"#/texts?like={quote('nobody knows it')}")
        await expect(page.get_by_role("alert").filter(has_text="text.not_found")).to_be_visible(timeout=ANSWER_MS)


async def test_a_file_can_be_stopped_while_it_is_sent_and_while_it_is_worked_off(open_console: OpenConsole) -> None:
    async with open_console(path="/#/texts") as console:
        page = console.page
        sent = asyncio.Event()

        async def hold(route: Route) -> None:
            await sent.wait()
            await route.abort()

        await page.route("**/v1/texts/batch*", hold)
        await _add(page, "slow.ndjson", LINES)
        await page.get_by_role("button", name="Cancel").click()
        await expect(page.locator(".texts-batch .notice")).to_have_text("Cancelled.")
        sent.set()
        await page.unroute_all(behavior="wait")

        # Nothing is heard of the job: it looks as if it went on.
        await page.route_web_socket("**/v1/events*", _silent)
        async with page.expect_response("**/v1/texts/batch*"):
            await page.get_by_role("button", name="Try again").click()
        await expect(page).to_have_url(re.compile("#/texts/job_"))
        async with page.expect_request("**/v1/jobs/*/cancel"):
            await page.get_by_role("button", name="Cancel").click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_fits_a_phone_in_russian(open_console: OpenConsole, scheme: str) -> None:
    async with open_console(path="/#/texts", locale="ru-RU", color_scheme=scheme, **PHONE) as console:
        page = console.page
        await _add(page, "файл-с-длинным-названием-которое-никак-не-кончается.ndjson", LINES)
        await expect(page.locator(".lines li")).to_have_count(2, timeout=ANSWER_MS)
        await page.get_by_role("textbox", name="Поиск текстов").fill("zeppelins")
        await page.get_by_role("button", name="Найти").tap()
        await expect(page.locator(".found > li").first).to_be_visible(timeout=ANSWER_MS)
        shown = await page.locator("#texts").inner_text()

        assert await console.width_of_content() <= 375
        assert await page.evaluate(FAINT_TEXT) == []
        assert (
            re.search(r"\b(Search|Texts?|Language|Topic|similarity|Similar|Line|stored|Download|found)\b", shown)
            is None
        )
        assert {"сохранено", "без изменений", "с ошибкой"} <= set(shown.splitlines())


def _silent(_socket: WebSocketRoute) -> None:
    """Takes what the page says, and never answers."""


async def _add_sample(page: Page) -> None:
    await page.get_by_role("button", name="Try with 40 verses").click()
    await expect(page.locator(".counts")).to_be_visible(timeout=ANSWER_MS)


async def _add(page: Page, name: str, content: str) -> None:
    await page.locator("#texts-input").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content.encode()}
    )
