#!/usr/bin/env python3
"""Take the pictures in `docs/images`: the emulator's page, a notebook in JupyterLab, the command line in a terminal.

    make pictures

It needs Chromium, and what `tests/browser/requirements.txt` names. Names, ids and times are the same on every run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.text import Text

from atlas_serverless import Emulator, errors
from atlas_serverless.testing import environment

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs/images"
START = "2026-03-02T09:30:00Z"
COMMANDS = (
    "flex create --name orders --provider AWS --region US_EAST_1 --tag env=dev --wait",
    "flex create --name carts --provider GCP --region CENTRAL_US --dry-run -o yaml",
    "flex list",
    "flex get nothing",
    "errors DUPLICATE_CLUSTER_NAME",
)


def main() -> int:
    browser_path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser_path is None:
        print("this needs Chromium: apt-get install chromium", file=sys.stderr)
        return 1
    IMAGES.mkdir(exist_ok=True)
    take_terminal()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        take_page(browser)
        take_notebook(browser)
        browser.close()
    return 0


def take_page(browser: Browser) -> None:
    """The emulator's page: wide and light, and on a phone in the dark."""
    with Emulator(clock=START, provisioning_seconds=120, random_seed=1) as emulator, emulator.client() as client:
        settings = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
        client.create_flex_cluster(name="orders", provider_settings=settings, tags={"env": "dev"})
        emulator.clock.advance(120)
        client.create_flex_cluster(name="carts", provider_settings=settings, tags={"env": "test"})
        emulator.fail_next("html", endpoint="flex", method="GET")
        try:
            client.with_raw_response.get_flex_cluster(name="missing")
        except errors.NotFoundError:
            emulator.fail_next("half_body", name="orders", operation="createGroupFlexCluster")
        for name, width, height, scheme in (("page", 1200, 900, "light"), ("page-phone", 390, 844, "dark")):
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
            page = context.new_page()
            page.goto(emulator.url)
            page.get_by_text("carts").first.wait_for()
            if name == "page":
                page.locator(".request", has_text="createGroupFlexCluster").first.locator("summary").click()
            page.screenshot(path=IMAGES / f"{name}.png", full_page=name == "page")
            context.close()


def take_notebook(browser: Browser) -> None:
    """`examples/quickstart.ipynb` as JupyterLab shows it after a run."""
    with tempfile.TemporaryDirectory() as folder:
        notebook = nbformat.read(ROOT / "examples/quickstart.ipynb", as_version=4)
        NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
        nbformat.write(notebook, Path(folder) / "quickstart.ipynb")
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"]
        command += ["--port=0", "--IdentityProvider.token=", f"--ServerApp.root_dir={folder}"]
        log = Path(folder) / "log"
        quiet = {**os.environ, "HOME": folder, "JUPYTER_CONFIG_DIR": folder, "JUPYTER_RUNTIME_DIR": folder}
        with log.open("w") as output:
            server = subprocess.Popen(command, stdout=output, stderr=output, env=quiet)
        try:
            url = wait_for_url(log)
            page = browser.new_page(viewport={"width": 1160, "height": 1500})
            page.goto(f"{url}/lab/tree/quickstart.ipynb")
            page.locator(".jp-OutputArea-output table").first.wait_for(timeout=60_000)
            page.get_by_role("button", name="No", exact=True).click()  # news about Jupyter
            page.wait_for_timeout(3000)
            page.locator(".jp-NotebookPanel").first.screenshot(path=IMAGES / "notebook.png")
        finally:
            server.terminate()
            server.wait(30)


def wait_for_url(log: Path) -> str:
    """The address that JupyterLab has written to its log, once it answers."""
    for _ in range(240):
        words = log.read_text().split()
        found = [word for word in words if word.startswith("http://127.0.0.1:")]
        if found:
            url = found[0].partition("/lab")[0]
            try:
                urllib.request.urlopen(f"{url}/api").close()
            except urllib.error.URLError:
                pass
            else:
                return url
        time.sleep(0.5)
    raise TimeoutError(log.read_text())


def take_terminal() -> None:
    """Commands in a pseudo-terminal, with their colours."""
    text = Text()
    with Emulator(clock="auto", provisioning_seconds=40, random_seed=1) as emulator, environment(emulator):
        for command in COMMANDS:
            text.append(f"$ atlas-serverless {command}\n", style="bold")
            text.append_text(Text.from_ansi(in_terminal(command)))
            text.append("\n\n")
    console = Console(record=True, width=110, file=open(os.devnull, "w"))  # noqa: SIM115 (it lives as long as the process)
    console.print(text)
    drawn = console.export_svg(title="atlas-serverless")
    # rich names a web font; the page's own fonts will do, and no other host is to be asked.
    (IMAGES / "terminal.svg").write_text(re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL), encoding="utf-8")


def in_terminal(command: str) -> str:
    """What a command writes to a terminal; of a line that is written over, the last."""
    import fcntl
    import pty
    import struct
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 110, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "110"}
    words = [sys.executable, "-m", "atlas_serverless", *command.split()]
    process = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    written = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        written += part
    process.wait()
    os.close(master)
    lines = written.decode().replace("\r\n", "\n").rstrip("\n").split("\n")
    return "\n".join(line.split("\r")[-1] for line in lines)


if __name__ == "__main__":
    sys.exit(main())
