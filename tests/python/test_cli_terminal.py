"""The command line in a pseudo-terminal and in a pipe: tables here, JSON there, and only a person is asked."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from atlas_serverless import Emulator
from terminals import COLOUR, pipe, terminal

pytestmark = pytest.mark.usefixtures("atlas_environment")
CREATE = "flex create --name orders --provider AWS --region US_EAST_1"


def test_a_table_at_a_terminal_and_json_in_a_pipe(atlas_emulator: Emulator) -> None:
    code, shown = terminal(f"{CREATE} --wait")
    assert code == 0
    assert "orders → IDLE" in shown
    assert "\x1b[1mNAME" in shown
    code, out, err = pipe("flex list")
    assert (code, err) == (0, "")
    assert [cluster["name"] for cluster in json.loads(out)] == ["orders"]
    code, shown = terminal("flex list")
    assert code == 0
    assert COLOUR.sub("", shown).splitlines()[1].split()[:2] == ["orders", "IDLE"]
    code, shown = terminal("serverless get nothing")
    assert code == 4
    assert shown.count("\n") == 1


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colours_where_they_are_not_wanted(environment: dict[str, str], atlas_emulator: Emulator) -> None:
    atlas_emulator.add_instance("orders")
    create = "flex create --name b --provider AWS --region US_EAST_1 --wait"
    for command in ("flex list", "flex get orders -o json", "doctor", "errors ClusterNotFound", create):
        code, shown = terminal(command, environment=environment)
        assert code == 0, shown
        assert not COLOUR.search(shown), command
    for command in ("flex list -o table", "doctor"):
        assert not COLOUR.search(pipe(command)[1])


def test_a_name_moves_no_cursor(atlas_emulator: Emulator) -> None:
    name = "a\u202eb\x9b2J"
    atlas_emulator.add_instance(name)
    for form, shown_name in [("name", "a?b?2J"), ("table", "a?b?2J"), ("json", "a\\u202eb\\u009b2J")]:
        code, shown = terminal(f"flex list -o {form}")
        assert code == 0
        assert shown_name in COLOUR.sub("", shown)
        assert not {"\u202e", "\x9b"} & set(shown)
    assert pipe("flex list -o name") == (0, f"{name}\n", "")


def test_deleting_asks_a_person_only(atlas_emulator: Emulator) -> None:
    for name in ("a", "b", "c"):
        atlas_emulator.add_instance(name)
    code, shown = terminal("flex delete a", "n\n")
    assert code == 1
    assert "Delete the Flex cluster a, with all data? [y/N]" in shown
    assert "nothing was deleted" in shown
    code, shown = terminal("flex delete a --wait", "y\n")
    assert code == 0
    assert "a is deleted." in shown
    assert terminal("flex delete b --wait --yes")[0] == 0
    assert pipe("flex delete c --wait") == (0, "", "")
    assert atlas_emulator.instances() == []
    assert terminal("flex list") == (0, "No Flex clusters.\n")


@pytest.mark.parametrize(
    ("command", "question"),
    [
        ("down orders", "what `up` has made for orders: the cluster with all data, its user and access list entries"),
        ("sweep --delete --tag ci=1", "orders (Emulated-Project), with all data"),
        ("dbusers delete orders", "the database user orders"),
        ("accesslist delete 192.0.2.7", "the entry 192.0.2.7 of the access list"),
    ],
)
def test_every_deletion_asks_a_person(command: str, question: str, atlas_emulator: Emulator) -> None:
    up = "up orders --provider AWS --region US_EAST_1 --access 192.0.2.7 --tag ci=1 --interval 0.05"
    assert pipe(up)[0] == 0
    code, shown = terminal(command, "n\n")
    assert code == 1
    assert shown.endswith(f"Delete {question}? [y/N] atlas-serverless: nothing was deleted\n")
    assert [request["method"] for request in atlas_emulator.requests].count("DELETE") == 0
    assert terminal(f"{command} --yes")[0] == 0
    assert [request["method"] for request in atlas_emulator.requests].count("DELETE") > 0


def test_errors_in_both(atlas_emulator: Emulator) -> None:
    code, out, err = pipe("flex get nothing")
    assert (code, out) == (4, "")
    assert err.count("\n") == 1
    code, out, err = pipe("flex get nothing -o json")
    assert (code, out) == (4, "")
    assert json.loads(err)["error"]["class"] == "ClusterNotFound"
    assert terminal("flex get nothing")[1] == pipe("flex get nothing")[2]


def test_the_environment_of_an_emulator() -> None:
    words = [sys.executable, "-m", "atlas_serverless", "emulator", "--env"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        lines = [process.stdout.readline() for _ in range(6)]
        script = "".join(lines) + f"{sys.executable} -m atlas_serverless projects list -o name"
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
        process.terminate()
        said = process.stderr.read()
    assert all(line.startswith("export MONGODB_ATLAS_") for line in lines)
    assert said.startswith("Atlas emulator at http://127.0.0.1:")
    assert said.count("\n") == 1
    assert done.stdout == "Emulated-Project\n", done.stderr
