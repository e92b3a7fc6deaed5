"""What an editor shows, asked of pyright's language server: completion of words and regions, and what hovering says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import atlas_serverless

PROGRAM = """\
from atlas_serverless import Client, Emulator
from atlas_serverless.types import FlexProviderSettingsSpec

client = Client()
settings: FlexProviderSettingsSpec = {"region_name": ""}
client.create_flex_cluster(name="a", if_exists="")
Emulator().fail_next("")
"""


class Editor:
    """One file that is open in a language server."""

    def __init__(self, folder: Path) -> None:
        (folder / "pyrightconfig.json").write_text(
            json.dumps({"extraPaths": [str(Path(atlas_serverless.__file__).parent.parent)], "pythonVersion": "3.10"})
        )
        server = [sys.executable, "-c", "from basedpyright.langserver import main; main()", "--stdio"]
        self._server = subprocess.Popen(server, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder)
        self._numbers = count(1)
        self.uri = (folder / "program.py").as_uri()
        root = {"uri": folder.as_uri(), "name": "program"}
        self.ask("initialize", processId=None, rootUri=folder.as_uri(), capabilities={}, workspaceFolders=[root])
        self._send("initialized", {})
        opened = {"uri": self.uri, "languageId": "python", "version": 1, "text": PROGRAM}
        self._send("textDocument/didOpen", {"textDocument": opened})

    def ask(self, method: str, **parameters: Any) -> Any:
        """The answer to a request. What the server asks meanwhile gets an empty one."""
        number = next(self._numbers)
        self._send(method, parameters, id=number)
        while True:
            message = self._receive()
            if message.get("id") == number and "method" not in message:
                return message["result"]
            if "id" in message:
                items = message.get("params", {}).get("items", ())
                self._write({"id": message["id"], "result": [{} for _ in items] if items else None})

    def at(self, line: str, word: str, method: str) -> Any:
        """The answer about the place after a word of a line."""
        lines = PROGRAM.splitlines()
        [number] = [number for number, text in enumerate(lines) if line in text]
        place = {"line": number, "character": lines[number].index(word) + len(word)}
        return self.ask(f"textDocument/{method}", textDocument={"uri": self.uri}, position=place)

    def words(self, line: str, word: str) -> set[str]:
        """What is completed there."""
        answer = self.at(line, word, "completion")
        items = answer["items"] if isinstance(answer, dict) else answer
        return {item["label"].strip('"') for item in items}

    def close(self) -> None:
        self._server.kill()
        self._server.communicate()

    def _send(self, method: str, parameters: Any, **more: Any) -> None:
        self._write({"method": method, "params": parameters, **more})

    def _write(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._server.stdin is not None
        self._server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._server.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._server.stdout is not None
        length = 0
        while (line := self._server.stdout.readline().strip()) != b"":
            name, _, value = line.partition(b": ")
            length = int(value) if name == b"Content-Length" else length
        message: dict[str, Any] = json.loads(self._server.stdout.read(length))
        return message


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    editor = Editor(tmp_path_factory.mktemp("editor"))
    yield editor
    editor.close()


def test_words_are_completed(editor: Editor) -> None:
    assert {"US_EAST_1", "CENTRAL_US", "EU_WEST_1"} <= editor.words("region_name", '"region_name": "')
    assert {"error", "return"} <= editor.words("if_exists", 'if_exists="')
    assert {"half_body", "close", "rate_limited"} <= editor.words("fail_next", 'fail_next("')
    assert {"create_flex_cluster", "list_flex_clusters"} <= editor.words("client.create", "client.")


def test_hovering_explains_every_argument(editor: Editor) -> None:
    shown = str(editor.at("client.create_flex", "client.create_flex_cl", "hover")["contents"])
    for argument in ("group_id", "wait", "timeout", "interval", "if_exists", "progress", "validate", "extra_fields"):
        assert f"`{argument}`" in shown, argument
    assert "Source: " in shown
    assert "Args" in str(editor.at("fail_next", "Emul", "hover")["contents"])
