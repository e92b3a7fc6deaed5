"""Which Rust file uses which.

A path leads to the file that defines what it names, also where a `mod.rs` re-exports it. `use` of a module is no arrow:
the paths that begin with it are. The re-exports of a file that defines nothing else are none either.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from walls.arrows import Arrow
from walls.rust_source import Mention, Module, Steps, read_file

#: Imports of imports that are followed.
DEEPEST = 20


def arrows(root: Path) -> list[Arrow]:
    """All arrows between the files of `src/`."""
    crate = read_file(root, root / "src/lib.rs")
    return sorted({arrow for module in crate.walk() for arrow in _of(crate, module)})


def _of(crate: Module, module: Module) -> Iterator[Arrow]:
    for mention in module.mentions:
        used = None if mention.in_use and module.only_re_exports else _file(crate, module, mention)
        if used and used != module.file:
            yield Arrow(module.file, used, mention.line)


def _file(crate: Module, module: Module, mention: Mention) -> str | None:
    target, item = resolve(crate, module, mention.steps)
    return target.file if target and (item or mention.whole or not mention.in_use) else None


def resolve(crate: Module, module: Module, steps: Steps, depth: int = 0) -> tuple[Module | None, str]:
    """The module that a path leads to, and the item in it: `""` for the module itself. No module if it is no path of
    this crate.
    """
    first, *rest = steps
    known = {**module.children, "crate": crate, "self": module, "super": module.parent}
    if first in known:
        return _descend(crate, known[first], rest, depth)
    if depth > DEEPEST:
        return None, ""
    if first in module.imported:
        # A path that begins with its own name (`use serde::{self}`) begins with another crate.
        target = module.imported[first]
        return (None, "") if target[0] == first else resolve(crate, module, (*target, *rest), depth + 1)
    if "*" in module.imported and depth == 0:  # `use super::*` brings the names of another module
        around, _ = resolve(crate, module, module.imported["*"], depth + 1)
        return resolve(crate, around, steps, depth + 1) if around else (None, "")
    return None, ""


def _descend(crate: Module, module: Module | None, steps: list[str], depth: int) -> tuple[Module | None, str]:
    for at, step in enumerate(steps):
        if module is None:
            break
        if step == "super":
            module = module.parent
        elif step in module.children and (step not in module.imported or at + 1 < len(steps)):
            module = module.children[step]
        elif step in module.imported and depth <= DEEPEST:  # a re-export, or what the module's own children may see
            return resolve(crate, module, (*module.imported[step], *steps[at + 1 :]), depth + 1)
        else:
            return module, step
    return module, ""
