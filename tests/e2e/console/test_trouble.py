"""What the console says when something goes wrong, and how it goes on."""

import json
from typing import Any

import pytest
from playwright.async_api import Route, WebSocketRoute, expect

from .conftest import ANSWER_MS, Console

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_lost_network_is_told_and_the_question_can_be_sent_again(console: Console, sales: str) -> None:
    await console.choose("sales.csv", sales)
    await console.page.context.set_offline(True)
    await console.send("total revenue by city")
    notice = console.last_turn.get_by_role("alert")
    await expect(notice).to_contain_text("Warren cannot be reached")

    await console.page.context.set_offline(False)
    await console.last_turn.get_by_role("button", name="Try again").click()

    await expect(console.answer).to_be_visible(timeout=ANSWER_MS)


async def test_a_lost_socket_is_told_and_the_answer_still_comes(console: Console, sales: str) -> None:
    opened = 0

    async def hang_up_once(socket: WebSocketRoute) -> None:
        nonlocal opened
        opened += 1
        if opened == 1:
            await socket.close(code=1011)
        else:
            socket.connect_to_server()

    await console.page.route_web_socket("**/v1/events*", hang_up_once)
    await console.page.evaluate(
        """() => {
          window.notices = [];
          const notice = document.getElementById("connection");
          new MutationObserver(() => window.notices.push(notice.textContent)).observe(notice, { childList: true });
        }"""
    )
    await console.choose("sales.csv", sales)
    await console.ask("total revenue by city")

    notices = await console.page.evaluate("window.notices")
    assert notices[0].startswith("Connection lost. Reconnecting…")
    assert notices[-1] == ""
    assert opened >= 2


async def test_without_any_socket_the_answer_comes_by_asking(console: Console, sales: str) -> None:
    await console.page.route_web_socket("**/v1/events*", lambda socket: socket.close(code=1011))
    await console.choose("sales.csv", sales)
    await console.ask("total revenue by city")

    await expect(console.answer.locator(".answer")).to_contain_text("Lyon")


async def test_a_file_that_is_no_table_is_refused_with_what_it_is(console: Console) -> None:
    await console.choose("holiday.csv", b"\x89PNG\r\n\x1a\n" + bytes(100))
    await console.send("what is on it?")

    notice = console.last_turn.get_by_role("alert")
    await expect(notice).to_contain_text("This kind of file cannot be read.")
    await expect(notice).to_contain_text("PNG picture")
    await expect(console.page.locator("#attached")).to_contain_text("holiday.csv")


async def test_an_empty_file_is_refused_with_a_sentence(console: Console) -> None:
    await console.choose("nothing.csv", b"")
    await console.send("what is in it?")

    await expect(console.last_turn.get_by_role("alert")).to_contain_text("nothing.csv is empty")


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        (413, {}, "This file is too large. Files may have up to 100 MB."),
        (429, {"Retry-After": "7"}, "Too many requests at once. Try again in 7 seconds."),
        (429, {}, "Too many requests at once. Try again in a moment."),
        (503, {"Retry-After": "2"}, "Warren is busy or starting up. Try again in a moment."),
        (500, {}, "Something went wrong on the server (500)."),
    ],
)
async def test_a_refusal_is_worded_for_people(
    console: Console, sales: str, status: int, headers: dict[str, str], words: str
) -> None:
    problem = {"status": status, "code": "some.code", "detail": "Files may have up to 100 MB."}

    async def refuse(route: Route) -> None:
        await route.fulfill(
            status=status, headers=headers, content_type="application/problem+json", body=json.dumps(problem)
        )

    await console.page.route("**/v1/analyses", refuse)
    await console.choose("sales.csv", sales)
    await console.send("total revenue by city")
    await expect(console.last_turn.get_by_role("alert")).to_contain_text(words)

    await console.page.unroute("**/v1/analyses")
    await console.last_turn.get_by_role("button", name="Try again").click()
    await expect(console.answer).to_be_visible(timeout=ANSWER_MS)


async def test_a_proxy_that_answers_in_html_is_no_riddle(console: Console, sales: str) -> None:
    async def bad_gateway(route: Route) -> None:
        await route.fulfill(status=502, content_type="text/html", body="<h1>Bad Gateway</h1>")

    await console.page.route("**/v1/analyses", bad_gateway)
    await console.choose("sales.csv", sales)
    await console.send("total revenue by city")

    await expect(console.last_turn.get_by_role("alert")).to_contain_text("Something went wrong on the server (502).")


async def test_a_failed_job_shows_its_reason_and_every_attempt(console: Console, sales: str) -> None:
    attempts = [
        {"n": n, "code": f"df['revenu{n}']", "error": f"KeyError: 'revenu{n}'", "stdout": "", "milliseconds": 12.0}
        for n in (1, 2, 3)
    ]
    error = {"code": "analysis.failed", "message": "Three tries did not work.", "details": {"attempts": attempts}}
    await console.page.route("**/v1/jobs/job_*", lambda route: _changed(route, status="failed", error=error))
    await console.choose("sales.csv", sales)
    await console.send("total revenue by city")

    notice = console.last_turn.get_by_role("alert")
    await expect(notice).to_contain_text("Three tries did not work.", timeout=ANSWER_MS)
    await expect(notice).to_contain_text("analysis.failed")
    await console.last_turn.get_by_text("3 attempts").click()
    for attempt in attempts:
        await expect(console.last_turn).to_contain_text(str(attempt["error"]))


async def test_a_file_that_cannot_be_read_fails_with_a_sentence(console: Console) -> None:
    await console.choose("noise.csv", bytes(range(256)) * 40)
    await console.send("how many rows?")

    await expect(console.last_turn.get_by_role("alert")).to_be_visible(timeout=ANSWER_MS)
    await expect(console.last_turn.get_by_role("button", name="Ask again")).to_be_visible()


async def test_an_unknown_session_says_so_instead_of_an_empty_page(console: Console, suite: Any) -> None:
    await console.page.goto(f"{suite.url}/#/analyze/ses_doesnotexist")

    await expect(console.page.locator("#thread")).to_contain_text("no longer kept")
    await expect(console.page.locator("#composer-note")).to_contain_text("This session has ended")


async def test_a_question_without_a_file_asks_for_one(console: Console) -> None:
    await console.question.fill("what is the average?")
    await console.question.press("Enter")

    await expect(console.page.locator("#composer-note")).to_contain_text("Add a file first")
    await expect(console.page.get_by_role("button", name="Choose a file")).to_be_focused()
    await expect(console.question).to_have_value("what is the average?")


async def _changed(route: Route, **fields: Any) -> None:
    response = await route.fetch()
    await route.fulfill(response=response, json={**await response.json(), **fields})
