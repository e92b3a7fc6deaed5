"""The emulator's page, in a browser that has no window."""

from __future__ import annotations

import shutil
import subprocess

from atlas_serverless import Emulator

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
    "--virtual-time-budget=2000",
    "--dump-dom",
]


def test_the_page_needs_nothing_from_elsewhere() -> None:
    import urllib.request

    with Emulator() as emulator, urllib.request.urlopen(emulator.url) as reply:
        page = reply.read().decode()
    assert "http://" not in page
    assert "https://" not in page
    assert "src=" not in page


def test_there_is_a_browser() -> None:
    assert BROWSER is not None, "this needs Chromium: apt-get install chromium"


def test_the_page_shows_what_is_there_and_takes_no_name_for_markup(tmp_path: object) -> None:
    with Emulator() as emulator:
        emulator.add_instance("orders", kind="serverless", state="REPAIRING", tags={"env": "test"})
        emulator.add_instance("<img id=evil>")
        emulator.fail_next("half_body", name="orders")
        with emulator.client("access_token") as client:
            client.get_project(emulator.group_id)
        done = subprocess.run(
            [str(BROWSER), *FLAGS, f"--user-data-dir={tmp_path}", emulator.url],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    shown = done.stdout
    assert '<span class="state REPAIRING">REPAIRING</span>' in shown
    assert "env=test" in shown
    assert "&lt;img id=evil&gt;" in shown
    assert "<img" not in shown
    assert ">half_body<" in shown
    assert f"/api/atlas/v2/groups/{emulator.group_id}<" in shown
