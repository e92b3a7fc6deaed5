"""Whether what a row of docs/security.md names is there and is run: tests by name, and the recipes of the Makefile."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUST_TEST = re.compile(r"#\[(?:tokio::)?test(?:\([^\]]*\))?\]\s*(?:#\[[^\]]*\]\s*)*(?:async )?fn (\w+)")


def tests(path: Path) -> set[str]:
    """The names of the tests of a Rust or Python file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".rs":
        return set(RUST_TEST.findall(text))
    return {node.name for node in functions(text)}


def functions(text: str) -> list[ast.FunctionDef]:
    """The tests at the top of a Python file."""
    return [one for one in ast.parse(text).body if isinstance(one, ast.FunctionDef) and one.name.startswith("test_")]


def cases(path: Path, name: str) -> int | None:
    """How many cases a test of Python has; `None` if that is not written where it stands."""
    text = path.read_text(encoding="utf-8")
    test = next((one for one in functions(text) if one.name == name), None)
    if test is None:
        raise SystemExit(f"{path} has no test {name}, which a row of scripts/security/claims.py names")
    count = 1
    for decorator in test.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.parametrize":
            values = decorator.args[1]
            if not isinstance(values, ast.List | ast.Tuple) or any(isinstance(one, ast.Starred) for one in values.elts):
                return None
            count *= len(values.elts)
        elif ast.unparse(decorator).startswith("given"):
            return None
    return count


def expanded(makefile: str) -> str:
    """A Makefile with its variables in their places, but for those that make itself fills in."""
    text = makefile.replace("\\\n", " ")
    for name, value in reversed(re.findall(r"^(\w+) [:?]?= (.*)$", text, re.MULTILINE)):
        text = text.replace(f"$({name})", value)
    return text


def rules(makefile: str) -> dict[str, tuple[list[str], list[str]]]:
    """The targets of a Makefile, each with what it needs and the lines of its recipe."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    recipe: list[str] = []
    for line in expanded(makefile).splitlines():
        if line.startswith("\t"):
            recipe.append(line.strip())
        elif head := re.match(r"([\w.$()/% -]+):(?!=)\s*(.*)", line):
            recipe = []
            for target in head[1].split():
                found[target] = (head[2].split(), recipe)
    return found


def commands(target: str, known: dict[str, tuple[list[str], list[str]]]) -> list[str]:
    """All lines that `make TARGET` may run, those of what it needs first."""
    needs, recipe = known.get(target, ([], []))
    return [line for need in needs for line in commands(need, known)] + recipe


def rust_targets(manifest: str) -> list[str]:
    """The main files of the tests that `cargo test` runs."""
    entries = [entry.split("\n[")[0] for entry in manifest.split("[[test]]\n")[1:]]
    return [re.findall(r'^path = "(.+)"', entry, re.MULTILINE)[0] for entry in entries if "\ntest = false" not in entry]


def runs(line: str, file: str, manifest: str) -> bool:
    """Whether a line of a recipe runs a file: names it, or is a whole suite of which it is a part."""
    words = line.split()
    if file in words:
        return True
    words = [Path(words[0]).name, *words[1:]] if words else []
    if words[:3] == ["python", "-m", "pytest"] and not any("/" in word for word in words[3:]):
        return file.startswith("tests/python/test_") or bool(re.match(r"tests/python/\w+/test_\w+\.py$", file))
    if words[:2] == ["cargo", "test"] and not {"--test", "--lib", "--release"} & set(words):
        mains = rust_targets(manifest)
        parts = {str(Path(main).parent) for main in mains if main.endswith("/main.rs")}
        return file.startswith("src/") or file in mains or str(Path(file).parent) in parts
    return False


def wanting(named: str, target: str, root: Path = ROOT) -> str | None:
    """Why a test `file::name`, or a file, is not what `make TARGET` runs; `None` if it is."""
    file, _, name = named.partition("::")
    if not (root / file).is_file():
        return f"{file} is not there"
    if name and name not in tests(root / file):
        return f"{file} has no test {name}"
    known = rules((root / "Makefile").read_text(encoding="utf-8"))
    if target not in known:
        return f"the Makefile has no target {target}"
    manifest = (root / "Cargo.toml").read_text(encoding="utf-8")
    if not any(runs(line, file, manifest) for line in commands(target, known)):
        return f"`make {target}` does not run {file}"
    return None


def landing(script: str) -> list[str]:
    """The targets that `.ci/run` runs."""
    return re.findall(r"^make ([\w-]+)$", script, re.MULTILINE)
