"""The command line: every exit code, errors in one line and in words of the shell, and as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atlas_serverless import Emulator, cli, errors
from atlas_serverless.cli import _errors
from atlas_serverless.cli._common import CommandError, UsageError
from atlas_serverless.cli._shell_words import in_shell_words

CREATE = "flex create --name orders --provider AWS --region US_EAST_1"


def run(command: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """The exit code, stdout and stderr of a command."""
    code = cli.main(command.split())
    return code, *capsys.readouterr()


def set_up(emulator: Emulator, code: int) -> str:
    """A command that ends with an exit code."""
    prepare, command = CASES[code]
    prepare(emulator)
    return command


def refuse(**order: Any) -> Callable[[Emulator], object]:
    return lambda emulator: emulator.fail_next(endpoint="flex", **order)


CASES: dict[int, tuple[Callable[[Emulator], object], str]] = {
    _errors.OTHER: (refuse(status=405), "flex list"),
    _errors.USAGE: (lambda _: None, "flex create --name a_b --provider AWS --region us-east-1"),
    _errors.ACCESS: (refuse(status=403, error_code="ACCESS_FORBIDDEN"), "flex list"),
    _errors.NOT_FOUND: (lambda _: None, "flex get nothing"),
    _errors.CONFLICT: (lambda emulator: emulator.add_instance("orders"), CREATE),
    _errors.RATE_LIMITED: (refuse(kind="rate_limited", retry_after=100_000, times=None), "flex list"),
    _errors.TIMEOUT: (
        lambda emulator: emulator.add_instance("orders", state="CREATING"),
        "flex wait orders --timeout 0.05",
    ),
    _errors.UNREACHABLE: (refuse(kind="html", status=200, times=None), "flex list"),
    _errors.RETIRED: (lambda emulator: emulator.set_calendar("2026"), CREATE.replace("flex", "serverless", 1)),
}


@pytest.mark.usefixtures("atlas_environment")
@pytest.mark.parametrize("code", [code for code in _errors.EXIT_CODES if code not in (0, 130)])
def test_every_exit_code(code: int, atlas_emulator: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    command = set_up(atlas_emulator, code)
    ended, out, err = run(command, capsys)
    assert (ended, out) == (code, ""), err
    last = err.splitlines()[-1]
    assert last.startswith("atlas-serverless: ")
    assert not re.search(r"\w+=\"|Client\(|_flex_cluster|_serverless_instance|\bNone\b|\bTrue\b", last), last


@pytest.mark.usefixtures("atlas_environment")
@pytest.mark.parametrize("code", [_errors.USAGE, _errors.NOT_FOUND, _errors.CONFLICT, _errors.RETIRED])
def test_an_error_as_json(code: int, atlas_emulator: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    ended, out, err = run(f"{set_up(atlas_emulator, code)} -o json", capsys)
    assert (ended, out, err.count("\n")) == (code, "", 1)
    error = json.loads(err)["error"]
    assert error["exit_code"] == code
    assert error["class"] in dir(errors)
    assert ("violations" in error) == (code == _errors.USAGE)


def test_words_of_the_shell() -> None:
    for said, expected in [
        ('pass on_retired="flex"', "pass --on-retired flex"),
        ('create with if_exists="return"', "create with --if-exists return"),
        ("call create_flex_cluster(group_id, name=…)", "call `atlas-serverless flex create`"),
        ("wait_for_serverless_instance waits again", "`atlas-serverless serverless wait` waits again"),
        ("list_flex_clusters shows", "`atlas-serverless flex list` shows"),
        ("give Client(group_id=…)", "give --project-id"),
        (
            "no project is named: give group_id= to the call, or once to Client(group_id=…), or set X",
            "no project is named: give --project-id, or set X",
        ),
        (
            "create a Flex cluster with create_flex_cluster(group_id, **to_flex_spec(spec).spec), or let "
            'on_retired="flex" do so where the endpoint is gone (Client(on_retired="flex") for all methods)',
            "create a Flex cluster with `atlas-serverless flex create --spec`, from what `atlas-serverless convert` "
            "prints, or let --on-retired flex do so where the endpoint is gone",
        ),
        ("change to the flex_cluster methods", "change to the commands of `atlas-serverless flex`"),
        (
            'its successor is the Flex cluster: create_flex_cluster, to_flex_spec, on_retired="flex"',
            "its successor is the Flex cluster: `atlas-serverless flex create` (--on-retired flex)",
        ),
        ("list_projects() has its id", "`atlas-serverless projects list` has its id"),
        ("update it with terminationProtectionEnabled=False first", "update it with --no-termination-protection first"),
        (
            "so nothing can connect: give access=, such as an address",
            "so nothing can connect: give --access with an address",
        ),
        ("no retries are left (max_retries)", "no retries are left"),
        ("the 180.0 s that are left (timeout, max_retry_time)", "the 180.0 s that are left"),
        ("check base_url, and proxies on the way", "check --base-url, and proxies on the way"),
        ("give the missing CA as ca_file", "give the missing CA as SSL_CERT_FILE"),
        ("change it with update_database_user", "change it with `atlas-serverless dbusers update`"),
        ("the other way round, group_id='a', name='b'", "the other way round: GROUP_ID is 'a', NAME is 'b'"),
        ("MONGODB_ATLAS_BASE_URL (base_url)", "MONGODB_ATLAS_BASE_URL (--base-url)"),
    ]:
        assert in_shell_words(said) == expected


def test_the_other_kind_is_the_other_one() -> None:
    said = "answered 404; find() looks for both kinds"
    for path, other in (("flexClusters", "serverless"), ("serverless", "flex")):
        shown = in_shell_words(f"GET /api/atlas/v2/groups/1/{path}/x {said}")
        assert shown.endswith(f"`atlas-serverless {other} get` looks for the other kind")


def test_the_codes_of_errors_that_are_rare() -> None:
    for error, code in [
        (UsageError("x"), 2),
        (CommandError("x"), 1),
        (errors.ConfigurationError("x"), 3),
        (errors.AuthenticationError("x"), 3),
        (errors.UnauthorizedError("x", status=401), 3),
        (errors.ConnectError("x"), 8),
        (errors.ProtocolError("x"), 8),
        (errors.RequestTimeoutError("x"), 7),
        (errors.OutcomeUnknownError("x"), 1),
        (errors.WaitFailedError("x"), 1),
        (errors.ServiceUnavailableError("x", status=503), 1),
        (errors.BadRequestError("x", status=400, error_code="INVALID_ATTRIBUTE"), 2),
        (errors.BadRequestError("x", status=400, error_code="MISSING_PASSWORD"), 2),
        (errors.BadRequestError("x", status=400, error_code="MAX_CLUSTERS_PER_PROJECT"), 1),
        (errors.BadRequestError("x", status=400, error_code="CLUSTER_ALREADY_REQUESTED_DELETION"), 5),
        (errors.BadRequestError("x", status=400, detail="Disable termination protection and retry."), 5),
    ]:
        assert _errors.exit_code(error) == code, error
    cause = errors.WaitFailedError("x")
    cause.__cause__ = errors.ForbiddenError("x", status=403)
    assert _errors.exit_code(cause) == 3


def test_the_codes_are_documented(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help", capsys)[1].endswith(_errors.EPILOG + "\n")
    page = (Path(__file__).parents[2] / "docs/command-line.md").read_text(encoding="utf-8")
    for code, text in _errors.EXIT_CODES.items():
        assert f"| {code} | {text} |" in page


def test_usage_errors_are_one_line_and_show_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run("flex lst", capsys)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "invalid choice: 'lst'" in err
    assert "see atlas-serverless flex --help" in err
    assert run("flx", capsys)[2].endswith("; did you mean flex? (see atlas-serverless --help)\n")
    said = "atlas-serverless: -o goes after the command, as in `atlas-serverless flex list -o json`\n"
    assert run("-o yaml flex list", capsys) == (2, "", said)
    shown = {"class": "UsageError", "message": said.strip(), "exit_code": 2}
    assert run("-o json flex list", capsys) == (2, "", json.dumps({"error": shown}) + "\n")
    assert "SECRETMARK" not in run("flex list --client-secret SECRETMARK", capsys)[2]


@pytest.mark.usefixtures("atlas_environment")
def test_debug_says_what_is_sent(atlas_emulator: Emulator, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    import subprocess
    import sys

    command: list[Any] = [sys.executable, "-m", "atlas_serverless", "flex", "list", "--debug"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert "DEBUG atlas_serverless: " in done.stderr
    assert "/flexClusters" in done.stderr
    assert atlas_emulator.client_secret not in done.stderr
