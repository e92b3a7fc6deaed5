"""A browser without a window."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from atlas_serverless import Emulator


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found is not None, "this needs Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(provisioning_seconds=3600) as emulator:
        yield emulator


@pytest.fixture
def page(browser: Browser, emulator: Emulator) -> Iterator[Page]:
    """The emulator's page. What a script throws, and what is loaded from elsewhere or refused, fails the test."""
    wrong: list[str] = []

    def on_request(request: Request) -> None:
        if not request.url.startswith((emulator.url, "data:")):
            wrong.append(request.url)

    def on_console(message: ConsoleMessage) -> None:
        # A refused order is a 400, which Chromium writes there, too; and so is an emulator that has stopped.
        if message.type == "error" and not any(word in message.text for word in ("400", "ERR_CONNECTION_REFUSED")):
            wrong.append(message.text)

    with browser.new_context(permissions=["clipboard-read", "clipboard-write"]) as context:
        page = context.new_page()
        page.on("console", on_console)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", on_request)
        page.goto(emulator.url)
        page.wait_for_selector("#projects h3")
        yield page
    assert wrong == []
