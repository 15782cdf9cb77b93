"""Names, cells, questions and answers that try to be markup stay text."""

import re

import pytest
from playwright.async_api import expect

from .conftest import Console

pytestmark = pytest.mark.asyncio(loop_scope="session")

MARKUP = "<img src=x onerror=window.pwned=1>"
SCRIPT = "<script>window.pwned=1</script>"

PLANTED = """() => document.querySelectorAll(
  ".thread img[src=x], .history img, .thread script, .composer script, .thread [onerror], .history [onerror]"
).length"""


async def test_markup_in_the_file_and_the_question_is_shown_as_it_is(console: Console) -> None:
    table = f"{MARKUP},amount\n{SCRIPT},1\n{MARKUP},2\n{SCRIPT},4\n"
    await console.choose("<img src=x onerror=window.pwned=1>.csv", table)
    await expect(console.page.locator("#attached")).to_contain_text("<img src=x onerror=window.pwned=1>.csv")

    question = f"total amount by {MARKUP}"
    await console.ask(question)

    await expect(console.last_turn.get_by_role("heading", name=question)).to_be_visible()
    await expect(console.answer).to_contain_text("onerror=window.pwned=1")
    await expect(console.page.get_by_role("complementary")).to_contain_text(question)
    await _nothing_came_of_it(console)

    for label in await console.answer.locator("summary").all():
        await label.click()
    for enlarge in await console.answer.get_by_role("button", name=re.compile("^Enlarge")).all():
        await enlarge.click()
        await expect(console.page.get_by_role("dialog")).to_be_visible()
        await _nothing_came_of_it(console)
        await console.page.keyboard.press("Escape")

    await console.page.reload()
    await expect(console.answer).to_be_visible()
    await _nothing_came_of_it(console)


async def test_markdown_of_an_answer_makes_no_links_and_no_markup(console: Console) -> None:
    shown = await console.page.evaluate(
        """async (text) => {
          const { prose } = await import("./console/analyze/prose.js");
          const box = document.createElement("div");
          box.append(...prose(text));
          return { tags: [...box.querySelectorAll("*")].map((node) => node.localName), text: box.textContent };
        }""",
        f"**bold {MARKUP}** and `{SCRIPT}`\n\n- [a link](javascript:alert(1))\n- 2 ** 3 ** 4",
    )

    assert set(shown["tags"]) <= {"p", "strong", "code", "ul", "li"}
    assert MARKUP in shown["text"]
    assert SCRIPT in shown["text"]
    assert "[a link](javascript:alert(1))" in shown["text"]
    assert "2 ** 3 ** 4" in shown["text"]


async def test_the_page_may_load_nothing_from_elsewhere(console: Console) -> None:
    response = await console.page.request.get(console.page.url)
    policy = response.headers["content-security-policy"]

    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    assert not re.search(r"https?:|\*", policy)


async def _nothing_came_of_it(console: Console) -> None:
    assert await console.page.evaluate("window.pwned") is None
    assert await console.page.evaluate(PLANTED) == 0
