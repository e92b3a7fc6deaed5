"""The command line where its output cannot take everything, or nothing: a sentence at most, and never a traceback."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from atlas_serverless import Emulator
from atlas_serverless.cli._notices import Notices
from atlas_serverless.errors import RegionWarning
from test_cli_process import environment

EVERY = ["serverless", "flex", "convert", "doctor", "logout", "emulator", "completion", "version"]
full = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")


def run(*arguments: str, emulator: Emulator | None = None, **options: Any) -> subprocess.CompletedProcess[str]:
    access = {} if emulator is None else emulator.environment()
    ascii_only = {"PYTHONIOENCODING": "ascii", "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", "atlas_serverless", *arguments]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "timeout": 60} | options
    done = subprocess.run(command, check=False, env={**environment(), **access, **ascii_only}, **options)
    assert "Traceback" not in (done.stderr or "")
    assert "Exception ignored" not in (done.stderr or "")
    return done


@pytest.mark.parametrize("command", EVERY)
def test_help_in_ascii(command: str) -> None:
    assert run(command, "--help").returncode == 0


def test_results_in_ascii(atlas_emulator: Emulator, tmp_path: Path) -> None:
    """What is escaped is the same when it is read."""
    atlas_emulator.add_instance("orders", tags={"team": "Bücher 你"})
    listed = run("flex", "list", emulator=atlas_emulator)
    assert listed.returncode == 0
    assert listed.stdout.isascii()
    assert json.loads(listed.stdout)[0]["tags"] == [{"key": "team", "value": "Bücher 你"}]
    missing = run("flex", "get", "ordérs", emulator=atlas_emulator)
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "\\xe9" in missing.stderr
    spec = tmp_path / "spec.json"
    spec.write_text('{"name": "ü", "extra": "é"}', encoding="utf-8")
    for given in (str(spec), "-"):
        with spec.open("rb") as file:
            refused = run("convert", given, stdin=file)
        assert refused.returncode == 2
        assert "\\xfc" in refused.stderr


@pytest.mark.parametrize("output", ["text", "json"])
def test_doctor_in_ascii(output: str, atlas_emulator: Emulator) -> None:
    done = run("doctor", "--output", output, "--group-id", "ü", emulator=atlas_emulator)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.isascii()


def commands(emulator: Emulator, folder: Path) -> list[tuple[str, ...]]:
    spec = folder / "spec.json"
    place = {"backingProviderName": "AWS", "regionName": "US_EAST_1", "providerName": "SERVERLESS"}
    spec.write_text(json.dumps({"name": "orders", "providerSettings": place}))
    return [
        ("doctor",),
        ("doctor", "--output", "json"),
        ("flex", "list"),
        ("convert", str(spec)),
        ("logout", "--token-cache", str(folder / "tokens")),
        ("version",),
        ("--version",),
        ("--help",),
        ("flex", "--help"),
        ("emulator",),
        ("emulator", "--output", "json"),
    ]


@full
def test_a_full_disk(atlas_emulator: Emulator, tmp_path: Path) -> None:
    for command in commands(atlas_emulator, tmp_path):
        with open("/dev/full", "w") as nowhere:
            done = run(*command, emulator=atlas_emulator, stdout=nowhere)
        assert done.returncode == 1, command
        assert done.stderr.endswith("atlas-serverless: [Errno 28] No space left on device\n"), (command, done.stderr)
        with open("/dev/full", "w") as nowhere:
            assert run(*command, emulator=atlas_emulator, stdout=nowhere, stderr=nowhere).returncode == 1, command
    with open("/dev/full", "w") as nowhere:
        assert run("flex", "get", "x", emulator=atlas_emulator, stderr=nowhere).returncode == 4
        assert run("flex", "nonsense", stderr=nowhere).returncode == 2


@pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX")
def test_a_closed_stdout(atlas_emulator: Emulator, tmp_path: Path) -> None:
    """`atlas-serverless … >&-`."""
    closing = [
        sys.executable,
        "-c",
        "import os, sys; os.close(1); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])",
    ]
    for command in commands(atlas_emulator, tmp_path)[:-2]:
        line = [*closing, "-m", "atlas_serverless", *command]
        access = {**environment(), **atlas_emulator.environment(), "PYTHONWARNINGS": "ignore"}
        done = subprocess.run(line, check=False, env=access, stderr=subprocess.PIPE, text=True, timeout=60)
        assert done.returncode == 0, (command, done.stderr)
        assert "Traceback" not in done.stderr, command


@pytest.mark.parametrize("where", ["file", "-"])
@pytest.mark.parametrize("depth", [65, 100_000])
def test_json_that_is_nested_too_deep(where: str, depth: int, tmp_path: Path, atlas_emulator: Emulator) -> None:
    file = tmp_path / "deep.json"
    file.write_text('{"name":' + "[" * depth + "]" * depth + "}")
    given = str(file) if where == "file" else "-"
    for command in (("convert", given), ("flex", "create", "orders", "--spec", given)):
        with file.open("rb") as stdin:
            done = run(*command, emulator=atlas_emulator, stdin=stdin)
        assert done.returncode in {1, 2}, done.stderr
        assert depth == 65 or "nested too deep" in done.stderr
        assert len(done.stderr) < 1000
    assert atlas_emulator.counters["created"] == 0


@pytest.mark.parametrize("at_terminal", [True, False])
def test_a_pause_is_shown_while_it_lasts(at_terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person sees why nothing happens, until there is something else to see; a script gets a line at the end."""
    out = err = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setenv("COLUMNS", "40")
    pause = "list_flex_clusters attempt 1: 503 UNEXPECTED_ERROR; again in 6.0 s"
    with Notices(show_pauses=at_terminal, debug=False) as notices:
        logging.getLogger("atlas_serverless").warning(pause)
        print("result")
        logging.getLogger("atlas_serverless").warning("the token was not renewed")
    shown = pause.replace("list_flex_clusters", "`atlas-serverless flex list`")
    assert out.getvalue() == (f"\r\x1b[K{shown[:39]}\r\x1b[Kresult\n" if at_terminal else "result\n")
    assert list(notices.lines) == [*([] if at_terminal else [shown]), "the token was not renewed"]
    assert (sys.stdout, sys.stderr) == (out, err)


def test_logging_is_imported_when_there_is_something_to_say() -> None:
    """A command that succeeds in silence starts without it."""
    code = (
        "import sys; from atlas_serverless.cli._notices import Notices\n"
        "for warns in (False, True):\n"
        "    with Notices(show_pauses=False, debug=False) as notices:\n"
        "        if warns: __import__('logging').getLogger('atlas_serverless').warning('said')\n"
        "    print(list(notices.lines), 'logging' in sys.modules)\n"
        "print([type(finder).__name__ for finder in sys.meta_path if 'Imported' in type(finder).__name__])\n"
        "__import__('logging').getLogger('atlas_serverless').warning('after')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment())
    assert done.stdout == "[] False\n['said'] True\n[]\n"
    assert done.stderr == "after\n"


def test_with_debug_warnings_come_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    with Notices(show_pauses=True, debug=True) as notices:
        warnings.warn(RegionWarning("give it\nas base_url"), stacklevel=1)
        assert capsys.readouterr().err == "warning: give it; as --base-url\n"
    assert list(notices.lines) == []
