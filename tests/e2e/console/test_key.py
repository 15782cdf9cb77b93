"""A gateway that wants a key: the console asks for it once, keeps it in the tab, and uses it everywhere."""

import json

import pytest
from playwright.async_api import Route, expect

from .conftest import Console

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY = "wrn_the_right_one"
REFUSED = json.dumps({"status": 401, "code": "key.invalid", "detail": "Send a valid API key."})


@pytest.fixture
def sockets() -> list[str]:
    """Addresses of the sockets the page has opened."""
    return []


async def want_key(console: Console, sockets: list[str]) -> None:
    """Stands in front of the suite, which runs without keys, as a gateway with keys would."""

    async def guard(route: Route) -> None:
        if route.request.headers.get("authorization") == f"Bearer {KEY}":
            await route.continue_()
        else:
            await route.fulfill(status=401, content_type="application/problem+json", body=REFUSED)

    await console.page.route("**/v1/**", guard)
    console.page.on("websocket", lambda socket: sockets.append(socket.url))
    await console.page.reload()


async def test_a_wrong_key_is_told_and_the_right_one_opens_everything(
    console: Console, sockets: list[str], sales: str
) -> None:
    await want_key(console, sockets)
    dialog = console.page.get_by_role("dialog", name="This Warren needs a key")
    await expect(dialog).to_be_visible()
    await expect(dialog.get_by_label("API key")).to_be_focused()
    await expect(dialog.get_by_role("alert")).to_be_hidden()

    await dialog.get_by_label("API key").fill("wrn_another")
    await dialog.get_by_role("button", name="Continue").click()
    await expect(dialog.get_by_role("alert")).to_have_text("That key was not accepted. Check it and try again.")

    await dialog.get_by_label("API key").fill(KEY)
    await console.page.keyboard.press("Enter")
    await expect(dialog).to_be_hidden()
    await console.choose("sales.csv", sales)
    await console.ask("total revenue by city")
    assert ["ticket=" in address and KEY not in address for address in sockets] == [True]


async def test_the_key_lives_in_the_tab_until_it_is_forgotten(console: Console, sockets: list[str]) -> None:
    await want_key(console, sockets)
    dialog = console.page.get_by_role("dialog", name="This Warren needs a key")
    await dialog.get_by_label("API key").fill(KEY)
    await console.page.keyboard.press("Enter")
    await expect(dialog).to_be_hidden()

    await console.page.reload()
    await expect(console.page.get_by_role("button", name="Forget key")).to_be_visible()
    await expect(dialog).to_be_hidden()
    assert await console.page.evaluate("Object.values(localStorage).length + document.cookie.length") == 0

    await console.page.get_by_role("button", name="Forget key").click()
    await expect(dialog).to_be_visible()
    assert await console.page.evaluate("Object.values(sessionStorage)") == []
