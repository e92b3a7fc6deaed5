"""What a release rests on: one version, one address, hooks that are `make lint`, workflows with few rights."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import atlas_serverless
import release
from docsite import project

ROOT = Path(__file__).resolve().parents[2]
VERSION = atlas_serverless.__version__
ADDRESS = re.compile(r"https://(?:github\.com|[\w-]+\.github\.io)/[\w.-]*atlas-serverless[\w.-]*/?[\w.-]*")
CARGO = f'[package]\nversion = "{VERSION}"\n'
LOCK = f'name = "atlas-serverless"\nversion = "{VERSION}"\n'


def test_version_changelog_and_lock_file_agree() -> None:
    assert release.disagreements(ROOT) == []


@pytest.mark.parametrize(
    ("lock", "changelog", "tag", "said"),
    [
        (LOCK, f"## [Unreleased]\n## [{VERSION}] - 2026-11-27\n", f"v{VERSION}", []),
        (LOCK, "## [Unreleased]\n", None, []),
        (LOCK, "## [Unreleased]\n", f"v{VERSION}", [f"CHANGELOG.md has no heading for {VERSION}"]),
        (LOCK, f"## [Unreleased]\n## [{VERSION}]\n", None, [f"CHANGELOG.md: {VERSION} has no date"]),
        (LOCK, f"## [{VERSION}] - 2026-11-27\n", None, ["CHANGELOG.md does not begin with “Unreleased”"]),
        (
            LOCK,
            f"## [Unreleased]\n## [{VERSION}] - 2026-11-27\n## [0.0.1] - 2027-01-01\n",
            None,
            ["CHANGELOG.md: the dates do not go from new to old"],
        ),
        (
            LOCK,
            f"## [Unreleased]\n## [{VERSION}] - 2026-11-27\n",
            "v9.9.9",
            [f"the tag v9.9.9 is not v{VERSION}, the version of Cargo.toml"],
        ),
        (
            LOCK.replace(VERSION, "0.0.0"),
            "## [Unreleased]\n",
            None,
            [f"Cargo.lock has version 0.0.0, Cargo.toml {VERSION}: run cargo update --workspace"],
        ),
    ],
)
def test_what_does_not_agree_is_said(
    tmp_path: Path, lock: str, changelog: str, tag: str | None, said: list[str]
) -> None:
    for name, text in (("Cargo.toml", CARGO), ("Cargo.lock", lock), ("CHANGELOG.md", changelog)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert release.disagreements(tmp_path, tag) == said


def test_the_hooks_are_what_lint_runs() -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nlint:")[2].partition("\n\n")[0]
    lines = [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe.splitlines()[1:]]
    hooks = _yaml(".pre-commit-config.yaml")["repos"]
    assert [repository["repo"] for repository in hooks] == ["local"]
    assert [hook["entry"] for hook in hooks[0]["hooks"]] == lines
    assert len(lines) == 9


def test_the_public_addresses_are_those_of_pyproject() -> None:
    repository, site = project.addresses(ROOT)
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found: set[str] = set()
    for name in files.rstrip("\0").split("\0"):
        if (ROOT / name).suffix in {".md", ".yml", ".toml", ".py"} and (ROOT / name).exists():
            text = (ROOT / name).read_text(encoding="utf-8")
            found |= set(ADDRESS.findall(text))
    assert {address for address in found if not address.startswith((repository, site))} == set()
    assert repository in found


def test_readme_can_be_read_without_the_files_beside_it() -> None:
    repository, _ = project.addresses(ROOT)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert release.whole_links(text, repository) == text, "run python scripts/release.py links"
    named = re.findall(rf"\]\({re.escape(repository)}/(?:blob|raw)/main/([^)#]+)", text)
    assert len(named) >= 10
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_links_become_whole_and_pictures_stay_pictures() -> None:
    text = "[a](docs/a.md#b) ![p](docs/p.svg) [c](#c) [d](https://d.example/)"
    assert release.whole_links(text, "https://r.example") == (
        "[a](https://r.example/blob/main/docs/a.md#b) ![p](https://r.example/raw/main/docs/p.svg) "
        "[c](#c) [d](https://d.example/)"
    )


def test_the_workflows_take_no_right_that_they_do_not_name() -> None:
    workflows = sorted((ROOT / ".github/workflows").glob("*.yml"))
    assert [path.name for path in workflows] == ["checks.yml", "docs.yml", "release.yml"]
    for path in workflows:
        workflow = _yaml(str(path.relative_to(ROOT)))
        assert workflow["permissions"] == {}
        for job in workflow["jobs"].values():
            assert "permissions" in job
            for step in job["steps"]:
                assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step.get("uses", f"x@{'0' * 40}")), step
    publish = _yaml(".github/workflows/release.yml")["jobs"]["publish"]
    assert publish["permissions"] == {"id-token": "write"}
    assert publish["environment"]["name"] == "pypi"


def test_zizmor_finds_nothing_in_the_workflows() -> None:
    command = [str(Path(sys.executable).parent / "zizmor"), "--offline", "--no-progress", ".github/workflows"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _yaml(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
