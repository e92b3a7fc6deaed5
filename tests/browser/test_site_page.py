"""The documentation site, in a browser that has no window: it asks no other host, and its search finds codes."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=8000",
    "--dump-dom",
]
PAGES = ["", "clusters/", "errors/", "errors/DUPLICATE_CLUSTER_NAME/", "reference/client/", "rooms/"]


#: Asks the search, and says what its first result leads to; until then its own image is not there.
LOOK = """<iframe src="/?q=CLUSTER_NOT_FOUND"></iframe><img src="/image"><script>
const timer = setInterval(() => {
  const link = frames[0].document.querySelector(".md-search-result__link")
  if (link) { clearInterval(timer); fetch("/found?" + new URL(link.href).pathname.slice(1)) }
}, 50)
</script>"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves the site and says nothing of it."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, just built."""
    built = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(built)]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, check=True)
    return built


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[str]:
    """The address at which it is served."""
    with serving(folder, Quiet) as address:
        yield address


@contextlib.contextmanager
def serving(folder: Path, handler: type[Quiet]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def visit(address: str, tmp_path: Path, *more: str) -> tuple[str, set[str]]:
    """The page as it is shown, and the hosts that it asked for something."""
    log = tmp_path / "net.json"
    command = [str(BROWSER), *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", f"--log-net-log={log}", *more, address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    netlog = json.loads(log.read_text())
    started = netlog["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    own = f"http://{urlsplit(address).netloc}"
    asked = set()
    for event in netlog["events"]:
        parameters = event.get("params", {})
        # What the browser asks for by itself (its updates) has another initiator, or none.
        url = parameters.get("url", "")
        if event["type"] == started and (parameters.get("initiator") == own or url.startswith(own)):
            asked.add(urlsplit(url).netloc)
    return done.stdout, asked


@pytest.mark.parametrize("page", PAGES)
def test_a_page_asks_no_other_host(site: str, page: str, tmp_path: Path) -> None:
    shown, asked = visit(site + page, tmp_path)
    assert asked == {urlsplit(site).netloc}
    assert "<h1" in shown


def test_a_request_to_another_host_would_be_seen(site: str, folder: Path, tmp_path: Path) -> None:
    (folder / "outside.html").write_text('<img src="http://outside.invalid/x.png">')
    _, asked = visit(f"{site}outside.html", tmp_path)
    assert asked - {urlsplit(site).netloc} == {"outside.invalid"}


def test_the_search_finds_an_error_code(folder: Path, tmp_path: Path) -> None:
    """The search works in a thread of the browser's own: the page is loaded only when it has found something."""
    found: queue.Queue[str] = queue.Queue()
    seen = threading.Event()

    class Waiting(Quiet):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            if path == "/found":
                found.put(query)
                seen.set()
            elif path == "/image":
                seen.wait(60)
            super().do_GET()

    (folder / "look.html").write_text(LOOK)
    with serving(folder, Waiting) as address:
        visit(f"{address}look.html", tmp_path, "--virtual-time-budget=1")
    assert found.get_nowait() == "errors/CLUSTER_NOT_FOUND/"
