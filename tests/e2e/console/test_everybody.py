"""The console on a phone, in Russian, by keyboard, in the dark."""

import re

import pytest
from playwright.async_api import Page, expect

from .conftest import ANSWER_MS, FAINT_TEXT, PHONE, Console, OpenConsole

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def wide() -> str:
    """A table much wider than a phone."""
    columns = [f"measurement_number_{n}" for n in range(30)]
    return "\n".join([",".join(columns), *(",".join(str(row * n) for n in range(30)) for row in range(5))]) + "\n"


async def test_nothing_is_wider_than_a_phone(open_console: OpenConsole, wide: str) -> None:
    async with open_console(**PHONE) as console:
        assert await console.width_of_content() <= 375
        await console.choose("a file with quite a long name that goes on and on and on.csv", wide)
        assert await console.width_of_content() <= 375
        await console.ask("show the first 3 rows")
        await expect(console.answer.get_by_role("table").first).to_be_visible()
        assert await console.width_of_content() <= 375


async def test_the_history_opens_and_closes_on_a_phone(open_console: OpenConsole, sales: str) -> None:
    async with open_console(**PHONE) as console:
        await console.choose("sales.csv", sales)
        await console.ask("total revenue by city")
        toggle = console.page.get_by_role("button", name="History")
        history = console.page.get_by_role("complementary", name="History")
        await expect(history).to_be_hidden()

        await toggle.tap()
        await expect(history).to_be_visible()
        await expect(toggle).to_have_attribute("aria-expanded", "true")
        await history.get_by_role("link", name="New analysis").tap()

        await expect(history).to_be_hidden()
        await expect(console.page.get_by_role("heading", name="Ask your data a question")).to_be_visible()


async def test_what_fingers_touch_is_large_enough(open_console: OpenConsole, sales: str) -> None:
    async with open_console(**PHONE) as console:
        await console.choose("sales.csv", sales)
        await console.ask("total revenue by city")
        small = await console.page.evaluate(
            """() => [...document.querySelectorAll("button, summary, a")]
              .filter((control) => control.checkVisibility({ visibilityProperty: true }) && !control.matches(".skip"))
              .filter((control) => control.getBoundingClientRect().height < 24)
              .map((control) => control.textContent)"""
        )
        # WCAG 2.2, 2.5.8 Target Size (Minimum).
        assert small == []


async def test_a_russian_browser_gets_russian_words(open_console: OpenConsole, sales: str) -> None:
    async with open_console(locale="ru-RU") as console:
        await expect(console.page.locator("html")).to_have_attribute("lang", "ru")
        await expect(console.page.get_by_role("heading", level=1)).to_have_text("Спросите свои данные")
        await console.choose("sales.csv", sales)
        await console.ask("Какой средний revenue по city?")

        assert any(stage.startswith("Попытка 1/3") for stage in await console.stages())
        await expect(console.answer.get_by_role("list", name="По каким данным посчитано")).to_contain_text("72 строки")
        shown = await console.page.locator("main").inner_text()
        assert re.search(r"\b(Download|Show|Copy|attempt|rows)\b", shown) is None


async def test_another_language_falls_back_to_english(open_console: OpenConsole) -> None:
    async with open_console(locale="fi-FI") as console:
        await expect(console.page.get_by_role("heading", level=1)).to_have_text("Ask your data a question")


async def test_everything_works_by_keyboard(console: Console) -> None:
    page = console.page
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the question")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(console.question).to_be_focused()

    await _tab_to(page, "Try with a sample", key="Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(console.question).to_be_focused()
    await page.keyboard.type("average revenue by city")
    await page.keyboard.press("Enter")
    await expect(console.answer).to_be_visible(timeout=ANSWER_MS)

    await _tab_to(page, "Enlarge", key="Shift+Tab")
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    assert "Enlarge" in await _focused(page)


async def test_every_stop_of_the_tab_key_shows_where_it_is(console: Console) -> None:
    await console.page.get_by_role("button", name="Try with a sample").click()
    unseen = []
    for _ in range(20):
        await console.page.keyboard.press("Tab")
        outlined = await console.page.evaluate(
            """() => {
              const stop = document.activeElement;
              if (stop === document.body) return true;
              const marked = (node) => getComputedStyle(node).outlineStyle !== "none";
              return marked(stop) || marked(stop.parentElement);
            }"""
        )
        if not outlined:
            unseen.append(await _focused(console.page))
    assert unseen == []


async def test_progress_is_read_out_once_for_each_stage(console: Console, sales: str) -> None:
    await console.choose("sales.csv", sales)
    await console.send("total revenue by city")
    await expect(console.last_turn.get_by_role("status").or_(console.answer).first).to_be_visible()
    await expect(console.answer).to_be_visible(timeout=ANSWER_MS)

    stages = await console.stages()
    assert len(stages) == len(set(stages))


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_text_stands_out_from_its_ground(open_console: OpenConsole, sales: str, scheme: str) -> None:
    async with open_console(color_scheme=scheme) as console:
        await console.choose("sales.csv", sales)
        await console.ask("total revenue by city")
        for label in await console.answer.locator("summary").all():
            await label.click()

        assert await console.page.evaluate(FAINT_TEXT) == []


async def _focused(page: Page) -> str:
    label: str = await page.evaluate(
        "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
    )
    return label.strip()


async def _tab_to(page: Page, label: str, *, key: str = "Tab") -> None:
    for _ in range(60):
        if label in await _focused(page):
            return
        await page.keyboard.press(key)
    pytest.fail(f"{label!r} is not reached with {key}")
