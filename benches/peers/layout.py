"""Where things are, and what a client file says of itself."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
#: Builds, environments and results; nothing of it is kept in the repository.
CACHE = ROOT / ".cache" / "bench"
BINARIES = CACHE / "target" / "release"
RESULTS = CACHE / "results"
CA = CACHE / "ca.pem"
HTTP, HTTPS = "127.0.0.1:18280", "localhost:18643"
#: The client that every ratio is to.
FLOOR = "rust_current"


def clients() -> dict[str, Path]:
    """Name and path of every client file (a trailing _ only keeps a name off the library's)."""
    files = sorted((HERE / "clients").glob("*.py"))
    return {path.stem.rstrip("_"): path for path in files if path.name != "common.py"}


def describe(path: Path) -> dict[str, Any]:
    """A client's upper-case settings and which functions it has, without importing it."""
    facts: dict[str, Any] = {"AUTH": ("bearer",), "PYTHON": "peers", "module": path.stem, "functions": set()}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                facts[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                continue
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            facts["functions"].add(node.name)
        elif isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names}
            facts["functions"] |= names & {"create", "acreate", "create_many"}
            origin = path.parent / f"{node.module}.py"
            if origin.exists():
                facts |= {name: describe(origin)[name] for name in names & {"AUTH", "IMPORT", "PYTHON"}}
    return facts


def modes(facts: dict[str, Any]) -> tuple[str, ...]:
    """The modes that a client can be measured in."""
    return facts.get("MODES", ("seq", "conc", "cold", "import"))


def python(facts: dict[str, Any]) -> str:
    """The interpreter of a client's environment."""
    path = CACHE / f"venv-{facts['PYTHON']}" / "bin" / "python"
    return str(path) if path.exists() else sys.executable


def is_there(facts: dict[str, Any]) -> bool:
    """Whether a client can be run: its program is built, or its environment has what it imports."""
    if "COMMAND" in facts:
        return (BINARIES / facts["COMMAND"][0]).exists()
    site = CACHE / f"venv-{facts['PYTHON']}" / "lib"
    package = facts.get("IMPORT", "sys").split(".")[0]
    if package in sys.stdlib_module_names:
        return True
    return any(site.glob(f"python*/site-packages/{package}*"))
