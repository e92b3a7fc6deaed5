"""Which Python file uses which, by `ast`.

An import inside a module's `__getattr__` is no arrow: it runs when a name is asked for, after every module is there.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from walls.arrows import Arrow


def arrows(root: Path) -> list[Arrow]:
    """All arrows between the files of `python/`."""
    return sorted({arrow for path in (root / "python").rglob("*.py") for arrow in _of(root, path)})


def _of(root: Path, path: Path) -> Iterator[Arrow]:
    for node in _imports(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        else:
            package = path.relative_to(root / "python").parts[: -node.level] if node.level else ()
            module = [*package, *(node.module.split(".") if node.module else ())]
            names = [[*module, alias.name] for alias in node.names]
        for name in names:
            used = _file(root / "python", name)
            if used and used != path:
                yield Arrow(path.relative_to(root).as_posix(), used.relative_to(root).as_posix(), node.lineno)


def _imports(tree: ast.Module) -> Iterator[ast.Import | ast.ImportFrom]:
    for statement in tree.body:
        if not (isinstance(statement, ast.FunctionDef) and statement.name == "__getattr__"):
            yield from (node for node in ast.walk(statement) if isinstance(node, ast.Import | ast.ImportFrom))


def _file(root: Path, name: list[str]) -> Path | None:
    """The file of a module, or of the module that a name is imported from."""
    for steps in (name, name[:-1]):
        for path in (root.joinpath(*steps).with_suffix(".py"), root.joinpath(*steps, "__init__.py")):
            if steps and path.exists():
                return path
    return None
