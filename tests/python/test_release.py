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
    assert len(lines) == 10


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


WHEEL = f"atlas_serverless-{VERSION}-cp310-abi3"
RELEASE = [
    f"{WHEEL}-macosx_10_12_x86_64.whl",
    f"{WHEEL}-macosx_11_0_arm64.whl",
    f"{WHEEL}-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
    f"{WHEEL}-manylinux_2_17_aarch64.manylinux2014_aarch64.whl",
    f"{WHEEL}-musllinux_1_2_aarch64.whl",
    f"{WHEEL}-musllinux_1_2_x86_64.whl",
    f"{WHEEL}-win_amd64.whl",
    f"atlas_serverless-{VERSION}.tar.gz",
]


def test_a_release_has_all_its_files_and_no_other(tmp_path: Path) -> None:
    assert release.unexpected(RELEASE, VERSION) == []
    assert release.unexpected([*RELEASE[:6], "notes.txt", *RELEASE[7:]], VERSION) == [
        "Windows x86-64: 0 files, not one",
        f"notes.txt belongs to no release of {VERSION}",
    ]
    assert len(release.unexpected(RELEASE, "9.9.9")) == 16
    for name in RELEASE[1:]:
        (tmp_path / name).write_bytes(b"x" * 1234)
    done = _files(tmp_path)
    assert (done.returncode, done.stderr) == (1, "macOS x86-64: 0 files, not one\n")
    (tmp_path / RELEASE[0]).write_bytes(b"x" * 1234)
    done = _files(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    digest = "0be279b0410c665f298717233b46e9d013c0d2a2f5a261a2ec1effe62b7e2627"
    lines = done.stdout.splitlines()
    assert lines[:2] == ["| file | bytes | SHA-256 |", "| --- | --: | --- |"]
    assert lines[2:] == [f"| {name} | 1,234 | `{digest}` |" for name in sorted(RELEASE)]


def _files(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts/release.py"), "files", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_wheel_of_the_release_is_tried_before_it_is_listed_and_listed_before_it_is_approved() -> None:
    jobs = _yaml(".github/workflows/release.yml")["jobs"]
    built = {entry["name"]: entry["runner"] for entry in jobs["wheels"]["strategy"]["matrix"]["include"]}
    assert len(built) == len(release.WHEELS)
    matrices = [jobs[name]["strategy"]["matrix"] for name in ("tried", "tried-on-alpine")]
    assert sorted(name for matrix in matrices for name in matrix["name"]) == sorted(built)
    assert {entry["name"]: entry["runner"] for matrix in matrices for entry in matrix["include"]} == built
    assert jobs["listed"]["needs"] == ["tried", "tried-on-alpine", "tried-from-source"]
    assert jobs["publish"]["needs"] == "listed"
    assert [name for name, job in jobs.items() if "environment" in job] == ["publish"]


def test_the_workflows_take_one_compiler_and_try_the_oldest() -> None:
    promised = re.search(r'^rust-version = "(.+)"$', (ROOT / "Cargo.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert promised
    oldest = [step.get("run", "") for step in _yaml(".github/workflows/checks.yml")["jobs"]["oldest-rust"]["steps"]]
    assert re.findall(r"(?:minimal |\+)(\S+)", "\n".join(oldest)) == [promised[1]] * 3
    builds = re.compile(r"\b(?:cargo|make|pip install \.)")
    for path in sorted((ROOT / ".github/workflows").glob("*.yml")):
        for name, job in _yaml(str(path.relative_to(ROOT)))["jobs"].items():
            runs = "\n".join(step.get("run", "") + step.get("uses", "") for step in job["steps"])
            if name != "oldest-rust" and (builds.search(runs) or name == "wheels"):
                assert "cp .github/rust-toolchain.toml ." in runs, name
    assert not (ROOT / "rust-toolchain.toml").exists()


def test_what_is_looked_at_for_new_versions_is_there() -> None:
    files = {"cargo": "Cargo.lock", "pip": "requirements*.txt", "rust-toolchain": "rust-toolchain.toml"}
    updates = _yaml(".github/dependabot.yml")["updates"]
    assert [update["package-ecosystem"] for update in updates] == ["github-actions", "rust-toolchain", "cargo", "pip"]
    for update in updates[1:]:
        for folder in update.get("directories", [update.get("directory")]):
            assert list((ROOT / folder.lstrip("/")).glob(files[update["package-ecosystem"]])), folder


def test_zizmor_finds_nothing_in_the_workflows() -> None:
    command = [str(Path(sys.executable).parent / "zizmor"), "--offline", "--no-progress", ".github"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _yaml(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
