"""A person who sees the console for the first time."""

import asyncio
import csv
import hashlib
import io
import re
from pathlib import Path

import pytest
from playwright.async_api import Download, expect

from .conftest import Console

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_dropped_file_and_a_question_give_an_answer_with_progress_table_and_plot(
    console: Console, sales: str
) -> None:
    await console.drop("sales.csv", sales)
    await expect(console.page.locator("#attached")).to_contain_text("sales.csv")

    await console.ask("total revenue by city")

    assert any(re.match(r"Attempt 1/3", stage) for stage in await console.stages())
    await expect(console.answer.locator(".answer")).to_contain_text("Lyon")
    await expect(console.answer.get_by_role("cell", name="Lyon")).to_be_visible()
    image = console.answer.get_by_role("img", name=re.compile("^Plot: "))
    assert await image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 200


async def test_the_answer_names_the_very_file_it_was_computed_from(console: Console, sales: str) -> None:
    await console.choose("sales.csv", sales)
    await console.ask("total revenue by city")

    provenance = console.answer.get_by_role("list", name="What this was computed from")
    await expect(provenance).to_contain_text("sales.csv")
    await expect(provenance).to_contain_text("72 rows")
    await expect(provenance).to_contain_text("3 columns")
    await expect(provenance).to_contain_text(hashlib.sha256(sales.encode()).hexdigest()[:10])
    await expect(provenance).to_contain_text("local engine")


async def test_a_follow_up_goes_on_in_the_same_session_without_a_new_upload(console: Console, sales: str) -> None:
    await console.choose("sales.csv", sales)
    await console.ask("plot revenue over time")
    address = console.page.url

    await console.ask("now by year")

    assert console.page.url == address
    await expect(console.page.locator(".turn")).to_have_count(2)
    await expect(console.answer).to_contain_text("2023")


async def test_the_sample_and_an_idea_are_two_clicks_to_an_answer(console: Console) -> None:
    await console.page.get_by_role("button", name="Try with a sample").click()
    await console.page.get_by_role("button", name="Average cups per drink").click()

    await expect(console.answer.locator(".answer")).to_contain_text("Cappuccino", timeout=60_000)


@pytest.mark.parametrize(
    ("idea", "answer"),
    [
        ("Plot revenue by month", "img"),
        ("Is temperature related to cups of Iced tea?", "img"),
        ("Top 5 weeks by revenue", "table"),
    ],
)
async def test_every_idea_for_the_sample_is_answered(console: Console, idea: str, answer: str) -> None:
    await console.page.get_by_role("button", name="Try with a sample").click()
    await console.page.get_by_role("button", name=idea).click()

    await expect(console.answer.get_by_role(answer).first).to_be_visible(timeout=60_000)  # type: ignore[arg-type]
    await expect(console.answer.locator(".unanswered")).to_have_count(0)


@pytest.mark.parametrize(
    "idea", ["Describe this table", "Show the first 5 rows", "Are there missing values?", "Are there outliers?"]
)
async def test_every_idea_for_another_file_is_answered(console: Console, sales: str, idea: str) -> None:
    await console.choose("sales.csv", sales)
    await console.page.get_by_role("button", name=idea).click()

    await expect(console.answer).to_be_visible(timeout=60_000)
    await expect(console.answer.locator(".unanswered")).to_have_count(0)


async def test_after_a_reload_the_dialog_and_the_history_are_back(console: Console, sales: str) -> None:
    await console.choose("kept.csv", sales)
    await console.ask("total revenue by city")
    await console.ask("how many rows")
    await console.page.reload()

    await expect(console.page.locator(".report")).to_have_count(2)
    entry = console.page.get_by_role("complementary", name="History").locator("a[aria-current]")
    await expect(entry).to_contain_text("total revenue by city")
    await expect(entry).to_contain_text("kept.csv")
    await expect(entry).to_contain_text("2 questions")
    await console.ask("average revenue by city")
    await expect(console.page.locator(".turn")).to_have_count(3)


async def test_an_earlier_dialog_opens_from_the_history(console: Console, sales: str) -> None:
    await console.choose("first.csv", sales)
    await console.ask("highest revenue in first.csv")
    await console.page.get_by_role("link", name="New analysis").click()
    await expect(console.page.get_by_role("heading", name="Ask your data a question")).to_be_visible()

    await console.page.get_by_role("link", name=re.compile("highest revenue in first.csv")).first.click()

    await expect(console.last_turn.get_by_role("heading", name="highest revenue in first.csv")).to_be_visible()
    await expect(console.answer).to_be_visible()


async def test_a_running_analysis_is_cancelled(console: Console, big_file: Path) -> None:
    await console.page.locator("#file-input").set_input_files(big_file)
    await console.send("average amount by place")
    turn = console.last_turn
    await expect(turn.locator(".stage")).to_have_text(re.compile("Reading|Attempt|Started"), timeout=60_000)

    await turn.get_by_role("button", name="Cancel").click()

    await expect(turn.locator(".notice")).to_have_text("Cancelled.", timeout=10_000)
    await expect(turn.get_by_role("button", name="Ask again")).to_be_visible()


async def test_what_the_file_cannot_answer_is_said_to_be_so(console: Console, sales: str) -> None:
    await console.choose("sales.csv", sales)
    await console.ask("what is the capital of France?")

    await expect(console.answer).to_contain_text("The file cannot answer this")
    await expect(console.answer.locator(".answer")).to_contain_text("revenue")


async def test_a_plot_opens_large_with_its_code_and_data(console: Console, sales: str) -> None:
    await console.choose("sales.csv", sales)
    await console.ask("plot revenue by city")
    await console.answer.get_by_role("button", name=re.compile("^Enlarge")).first.click()

    dialog = console.page.get_by_role("dialog")
    await expect(dialog.get_by_role("img")).to_be_visible()
    await dialog.get_by_text("Code", exact=True).click()
    await expect(dialog.locator("pre")).to_contain_text("df")
    await dialog.get_by_text("Show the data").click()
    await expect(dialog.get_by_role("cell", name="Turin")).to_be_visible()


async def test_the_plot_and_the_table_can_be_kept(console: Console, sales: str) -> None:
    await console.choose("sales.csv", sales)
    await console.ask("total revenue by city")

    async with console.page.expect_download() as started:
        await console.answer.get_by_role("button", name="Download PNG").first.click()
    assert (await started.value).suggested_filename.endswith(".png")
    assert (await _content(await started.value)).startswith(b"\x89PNG\r\n")

    async with console.page.expect_download() as started:
        await console.answer.locator(".table-block").get_by_role("button", name="Download CSV").first.click()
    table = (await _content(await started.value)).decode("utf-8-sig")
    assert {row[0] for row in csv.reader(io.StringIO(table))} >= {"city", "Lyon", "Turin"}


async def test_a_table_is_sorted_by_its_heads(console: Console, sales: str) -> None:
    await console.choose("sales.csv", sales)
    await console.ask("total revenue by city")
    table = console.answer.get_by_role("table").first
    head = table.get_by_role("columnheader").first

    for order, first in (("ascending", "Lyon"), ("descending", "Turin")):
        await head.get_by_role("button").click()
        await expect(head).to_have_attribute("aria-sort", order)
        await expect(table.locator("tbody tr").first).to_contain_text(first)


async def test_a_pasted_table_is_taken_as_a_file(console: Console) -> None:
    await console.page.evaluate(
        """text => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", text);
          document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }""",
        "name\tweight\nAda\t3\nBen\t5\n",
    )
    await expect(console.page.locator("#attached")).to_contain_text("pasted.tsv")

    await console.ask("average weight")

    await expect(console.answer.locator(".answer")).to_contain_text("4")


async def test_deleting_the_file_ends_the_session_and_keeps_the_answer(console: Console, sales: str) -> None:
    await console.choose("sales.csv", sales)
    await console.ask("total revenue by city")
    await console.page.get_by_role("button", name="Delete the file").click()
    await console.page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()

    await expect(console.page.locator("#composer-note")).to_contain_text("This session has ended")
    await expect(console.answer).to_be_visible()
    await console.question.fill("again")
    await console.question.press("Enter")
    await expect(console.page.locator("#composer-note")).to_contain_text("Add a file first")


async def _content(download: Download) -> bytes:
    return await asyncio.to_thread((await download.path()).read_bytes)
