"""The conversation in the console, with the real service: reply, topic, what to read; on a phone and by keyboard."""

import re

import pytest
from playwright.async_api import expect

from .conftest import ANSWER_MS, FAINT_TEXT, PHONE, Console, OpenConsole

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOSTILE = "<img src=x onerror=window.pwned=1> How do telescopes see distant galaxies in space?"
PLANTED = '() => document.querySelectorAll("#chat img, #chat script, #chat [onerror]").length'


async def say(console: Console, message: str) -> None:
    """By keyboard alone."""
    field = console.page.get_by_label("Your message")
    await field.focus()
    await console.page.keyboard.type(message)
    await console.page.keyboard.press("Enter")


async def test_a_message_is_answered_and_what_to_read_stands_beside_it(console: Console) -> None:
    page = console.page
    await page.get_by_role("link", name="Chat").click()
    await say(console, HOSTILE)
    await expect(page.locator(".said")).to_contain_text("onerror=window.pwned=1")
    await expect(page.locator(".reply")).not_to_contain_text("Writing", timeout=ANSWER_MS)
    beside = page.get_by_role("complementary", name="For you")
    await expect(beside.locator("#topic strong")).to_be_visible()
    await expect(beside.locator(".item .reason").first).to_contain_text(re.compile("telescopes|galaxies|space"))

    first = beside.locator(".item").first
    shown = await first.inner_text()
    await first.get_by_role("button", name="I have read this").click()
    await expect(beside.locator(".item").filter(has_text=shown.splitlines()[1])).to_have_count(0)
    assert await page.evaluate("window.pwned") is None
    assert await page.evaluate(PLANTED) == 0

    await page.reload()
    await expect(page.locator(".said")).to_contain_text("How do telescopes")
    await expect(page.locator(".reply")).not_to_be_empty()
    assert await page.evaluate(PLANTED) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_conversation_fits_a_phone_in_russian(open_console: OpenConsole, scheme: str) -> None:
    async with open_console(path="/#/chat", locale="ru-RU", color_scheme=scheme, **PHONE) as console:
        await expect(console.page.get_by_role("heading", level=1)).to_have_text("Поговорим о том, что вам интересно")
        await console.page.get_by_label("Ваше сообщение").fill("Как устроены приливы и отливы на море?")
        await console.page.get_by_role("button", name="Отправить").tap()
        await expect(console.page.locator(".reply")).not_to_contain_text("Пишет", timeout=ANSWER_MS)

        assert await console.width_of_content() <= 375
        assert await console.page.evaluate(FAINT_TEXT) == []
