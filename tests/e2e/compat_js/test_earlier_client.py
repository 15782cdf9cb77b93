"""A page with the JavaScript of the earlier CSV analyst's clients, in a real browser, against Warren."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE = Path(__file__).with_name("earlier_client.html")
TABLE = "city,amount\nLyon,1\nLyon,3\nTurin,10\nTurin,20\n"
FILE = f"new File([{TABLE!r}], 'sales.csv', {{ type: 'text/csv' }})"
PNG = "data:image/png;base64,"


class Suite(Protocol):
    @property
    def url(self) -> str: ...


@pytest_asyncio.fixture(loop_scope="session")
async def page(suite: Suite, chromium: Browser) -> AsyncIterator[Page]:
    """The earlier client's page as if it stood on Warren's host; its calls go to Warren."""
    context = await chromium.new_context()
    page = await context.new_page()
    # Put into a document that came from there: Chromium lets a made-up response open no socket to this machine.
    await page.goto(f"{suite.url}/health")
    await page.set_content(await asyncio.to_thread(PAGE.read_text))
    yield page
    await context.close()


async def test_a_session_has_its_id_in_session_id(page: Page) -> None:
    session = await page.evaluate("startSession()")

    assert isinstance(session["session_id"], str)
    assert session["session_id"]


async def test_the_form_uploads_polls_and_shows_code_and_plots(page: Page) -> None:
    await page.locator("#file").set_input_files({"name": "sales.csv", "mimeType": "text/csv", "buffer": TABLE.encode()})
    await page.locator("#query").fill("plot total amount by city")
    await page.get_by_role("button", name="Analyze").click()

    await expect(page.locator("#code")).to_contain_text("df", timeout=60_000)
    image = page.locator("#plots img").first
    assert await image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 200


async def test_an_asynchronous_analysis_has_the_fields_of_its_answers(page: Page) -> None:
    await page.evaluate("startSession()")
    accepted = await page.evaluate(f"analyzeAsync({FILE}, 'plot total amount by city')")
    task = await page.evaluate("id => pollTask(id)", accepted["task_id"])

    assert accepted["success"] is True
    assert accepted["status"] == "queued"
    assert task["task_id"] == accepted["task_id"]
    assert task["status"] == "SUCCESS"
    assert task["result"]["success"] is True
    assert "df" in task["result"]["final_code"]
    assert task["result"]["plots"]
    assert all(plot.startswith(PNG) for plot in task["result"]["plots"])


async def test_polling_tells_known_statuses_and_the_attempt(page: Page) -> None:
    await page.evaluate("startSession()")
    accepted = await page.evaluate(f"analyzeAsync({FILE}, 'total amount by city')")
    await page.evaluate("id => pollTask(id)", accepted["task_id"])
    polled: list[dict[str, Any]] = await page.evaluate("seen.statuses")

    assert {task["status"] for task in polled} <= {"PENDING", "PROCESSING", "SUCCESS"}
    for task in polled:
        if task["status"] == "PROCESSING":
            assert isinstance(task["meta"]["status"], str)
            assert isinstance(task["meta"]["attempt"], int)


async def test_a_second_query_goes_on_with_the_sessions_file(page: Page) -> None:
    await page.evaluate("startSession()")
    first = await page.evaluate(f"analyzeAsync({FILE}, 'total amount by city')")
    await page.evaluate("id => pollTask(id)", first["task_id"])
    second = await page.evaluate("analyzeAsync(null, 'average amount by city')")
    task = await page.evaluate("id => pollTask(id)", second["task_id"])

    assert task["status"] == "SUCCESS"
    assert task["result"]["success"] is True


async def test_the_socket_sends_progress_and_then_the_result(page: Page) -> None:
    await page.evaluate("startSession()")
    last = await page.evaluate(
        f"toBase64({FILE}).then((file_base64) => "
        "analyzeOverSocket({ file_base64, query: 'plot total amount by city' }))"
    )
    messages: list[dict[str, Any]] = await page.evaluate("seen.messages")

    assert last["type"] == "result"
    assert last["result"]["success"] is True
    assert "df" in last["result"]["final_code"]
    assert all(plot.startswith(PNG) for plot in last["result"]["plots"])
    progress = [message for message in messages if message["type"] == "progress"]
    assert any("Attempt 1/3" in message["meta"]["status"] for message in progress)
    assert messages[-1]["type"] == "result"


async def test_the_socket_says_what_is_wrong(page: Page) -> None:
    await page.evaluate("startSession()")
    last = await page.evaluate("analyzeOverSocket({ file_base64: 'bm90IGEgdGFibGU=', query: '' })")

    assert last["type"] == "error"
