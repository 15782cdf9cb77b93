"""What a person does on the page for speech."""

import asyncio

from playwright.async_api import Download, Locator, expect

from .conftest import Console


async def record(console: Console) -> None:
    await console.page.get_by_role("button", name="Record", exact=True).click()
    await expect(console.page.get_by_role("button", name="Stop")).to_be_visible()


async def stop(console: Console) -> None:
    await console.page.get_by_role("button", name="Stop").click()


def words(console: Console) -> Locator:
    """The utterances that will not change any more."""
    return console.page.get_by_role("log").get_by_role("listitem")


async def content(download: Download) -> str:
    return await asyncio.to_thread((await download.path()).read_text)
