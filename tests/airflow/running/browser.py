"""A page in a Chromium without a window, steered by its DevTools protocol. Debian: apt-get install chromium."""

import contextlib
import json
import re
import shutil
import subprocess
import time
import urllib.request

from websockets.sync.client import connect

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


class Page:
    """One page; commands are answered in order, and events are left aside."""

    def __init__(self, socket):
        self._socket = socket
        self._number = 0

    def command(self, method, **parameters):
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv(timeout=60))
            if answer.get("id") == self._number:
                return answer["result"]

    def value(self, expression):
        return self.command("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def until(self, expression, seconds=90):
        """What the expression is once it is true."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := self.value(expression):
                return found
            time.sleep(0.2)
        raise TimeoutError(f"{expression} did not come true; the page: {self.value('document.body.innerText')}")

    def text(self):
        return self.value("document.body.innerText")


@contextlib.contextmanager
def page(url, profile):
    """A page that has begun to load."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        raise RuntimeError("this needs Chromium: apt-get install chromium")
    browser = subprocess.Popen(
        [program, *FLAGS, "--remote-debugging-port=0", f"--user-data-dir={profile}", url],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        port = next(match[1] for line in browser.stderr if (match := re.search(r"ws://127\.0\.0\.1:(\d+)/", line)))
        with connect(_socket_of_page(port), max_size=None, open_timeout=60) as socket:
            yield Page(socket)
    finally:
        browser.terminate()
        browser.wait(20)
        browser.stderr.close()


def _socket_of_page(port):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(100):
        with opener.open(f"http://127.0.0.1:{port}/json", timeout=30) as reply:
            for target in json.load(reply):
                if target["type"] == "page":
                    return target["webSocketDebuggerUrl"]
        time.sleep(0.1)
    raise RuntimeError("the browser shows no page")
