"""`atlas-serverless completion` in real shells: bash, zsh and fish complete what is typed, with Tab."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from atlas_serverless import Emulator

PROGRAM = shutil.which("atlas-serverless", path=str(Path(sys.executable).parent))

# Each prints what the shell offers after the words in `$1`, one in a line.
BASH = """
eval "$(atlas-serverless completion bash)"
read -r -a COMP_WORDS <<< "$1"
[[ "$1" == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_atlas_serverless
printf '%s\\n' "${COMPREPLY[@]}"
"""
FISH = """
atlas-serverless completion fish | source
complete -C $argv[1]
"""
# As bash: the function with the words that the line editor gives it, and `compadd` printing what it is given.
ZSH = """
compdef() { : }
compadd() { print -rl -- ${(P)2} }
_files() { : }
source <(atlas-serverless completion zsh)
words=(${(z)1})
[[ "$1" == *" " ]] && words+=("")
CURRENT=$#words
_atlas_serverless
"""


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    with Emulator() as emulator:
        emulator.add_instance("orders")
        emulator.add_instance("outlet")
        given = {name: value for name, value in os.environ.items() if not name.startswith(("MONGODB_", "MCLI_"))}
        assert PROGRAM is not None
        path = f"{Path(PROGRAM).parent}:{given['PATH']}"
        homes = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
        yield {**given, **emulator.environment(), **homes, "PATH": path, "TERM": "dumb"}


def offered(shell: str, typed: str, environment: dict[str, str]) -> list[str]:
    """What a shell offers for what is typed."""
    script, words = {
        "bash": (BASH, ["bash", "-c"]),
        "zsh": (ZSH, ["zsh", "-f", "-c"]),
        "fish": (FISH, ["fish", "--no-config", "-c"]),
    }[shell]
    assert shutil.which(shell), f"this needs {shell}: apt-get install {shell}"
    arguments = [typed] if shell == "fish" else [shell, typed]
    done = subprocess.run(
        [*words, script, *arguments], capture_output=True, text=True, env=environment, timeout=60, check=False
    )
    lines = [line.strip().split("\t")[0] for line in done.stdout.replace("\r", "").splitlines()]
    return sorted(line for line in lines if line)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("atlas-serverless fl", ["flex"]),
        ("atlas-serverless flex u", ["update", "upgrade"]),
        ("atlas-serverless flex create --provider ", ["AWS", "AZURE", "GCP"]),
        ("atlas-serverless flex create --provider GCP --region CENT", ["CENTRAL_US"]),
        ("atlas-serverless flex delete o", ["orders", "outlet"]),
        ("atlas-serverless errors DUPLICATE_CLUSTER_NAME_P", ["DUPLICATE_CLUSTER_NAME_PREFIX"]),
    ],
)
def test_a_shell_offers(shell: str, typed: str, expected: list[str], environment: dict[str, str]) -> None:
    assert offered(shell, typed, environment) == expected
