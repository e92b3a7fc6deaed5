"""What a Rust file says: its modules, the paths that it uses and the names that it defines.

Tokens are enough for that, and a path reads the same inside a macro as outside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

TOKEN = re.compile(
    r"""\n | //[^\n]* | /\*.*?\*/ | b?r(?P<fence>\#*)".*?"(?P=fence) | [bc]?"(?:\\.|[^"\\])*" |
        b?'(?:\\.[^']*|[^\\'])' | (?P<token>\w+ | :: | [^\w\s])""",
    re.VERBOSE | re.DOTALL,
)
WORD = re.compile(r"[A-Za-z_]\w*")
DEFINING = ("struct", "enum", "union", "trait", "type", "fn", "const", "static", "mod", "macro_rules")

Steps = tuple[str, ...]
"""A path: `crate::core::error` has three steps."""


class Definition(NamedTuple):
    keyword: str
    name: str
    line: int


class Mention(NamedTuple):
    steps: Steps
    line: int
    in_use: bool
    """In a `use` declaration, where a path to a module alone is no use of what the module defines."""
    whole: bool = False
    """`use path::*`."""


@dataclass
class Module:
    """A file, or a `mod name { … }` inside one."""

    file: str
    parent: Module | None = None
    children: dict[str, Module] = field(default_factory=dict)
    imported: dict[str, Steps] = field(default_factory=dict)
    definitions: list[Definition] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)

    @property
    def only_re_exports(self) -> bool:
        """Whether this is a `mod.rs` that defines nothing itself."""
        whole_file = self.parent is None or self.parent.file != self.file
        names_children = self.file.endswith(("/mod.rs", "/lib.rs"))
        return whole_file and names_children and all(found.keyword == "mod" for found in self.definitions)

    def walk(self) -> Iterator[Module]:
        yield self
        for child in self.children.values():
            yield from child.walk()


def use_paths(tree: str) -> Iterator[tuple[Steps, str]]:
    """Each path of a `use` tree, with the name that it gives here (`*` for all names)."""
    head, brace, rest = tree.partition("{")
    if not brace:
        path, _, alias = tree.partition(" as ")
        steps = tuple(path.split("::"))
        if steps[-1] == "self" and len(steps) > 1:
            steps = steps[:-1]
        yield (steps[:-1], "*") if steps[-1] == "*" else (steps, alias or steps[-1])
        return
    depth, part = 0, ""
    for mark in rest[: rest.rindex("}")] + ",":
        depth += (mark == "{") - (mark == "}")
        if mark != "," or depth:
            part += mark
        elif part:
            yield from use_paths(head + part)
            part = ""


class Reader:
    """Reads the tokens of one file into its module."""

    def __init__(self, text: str, module: Module) -> None:
        self.texts: list[str] = []
        self.lines: list[int] = []
        self.scopes = [module]
        line = 1
        for match in TOKEN.finditer(text):
            if match["token"]:
                self.texts.append(match["token"])
                self.lines.append(line)
            line += match[0].count("\n")

    def text(self, at: int) -> str:
        return self.texts[at] if 0 <= at < len(self.texts) else ""

    def read(self) -> None:
        at = 0
        while at < len(self.texts):
            at = self.step(at) + 1

    def step(self, at: int) -> int:
        """Reads what begins at this token; gives its last token."""
        text, after, scope = self.text(at), self.text(at + 1), self.scopes[-1]
        if text == "pub" and after == "(":  # `pub(in path)` uses nothing
            return self.texts.index(")", at)
        if text == "use" and after != "<":
            return self.use(at)
        if text in DEFINING or text == "impl":
            return self.definition(at)
        if text == "{":
            self.scopes.append(scope)
        elif text == "}":
            self.scopes.pop()
        elif WORD.match(text) and after == "::" and self.text(at - 1) != "::":
            return self.path(at)
        return at

    def use(self, at: int) -> int:
        end = self.texts.index(";", at)
        tree = "".join(" as " if text == "as" else text for text in self.texts[at + 1 : end])
        for steps, name in use_paths(tree):
            self.scopes[-1].mentions.append(Mention(steps, self.lines[at], in_use=True, whole=name == "*"))
            self.scopes[-1].imported[name] = steps
        return end

    def definition(self, at: int) -> int:
        keyword, scope = self.texts[at], self.scopes[-1]
        name = self.text(at + 2) if keyword == "macro_rules" else self.text(at + 1)
        if keyword == "impl":
            scope.definitions.append(Definition(keyword, "", self.lines[at]))
            return at
        if not WORD.match(name) or name in {*DEFINING, "unsafe", "extern", "async"}:  # `const fn`, `fn(u8)`
            return at
        scope.definitions.append(Definition(keyword, name, self.lines[at]))
        if keyword == "mod":
            child = scope.children.setdefault(name, Module(scope.file, scope))
            if self.text(at + 2) == "{":
                self.scopes.append(child)
                return at + 2
        return at + 1

    def path(self, at: int) -> int:
        steps, line = [self.texts[at]], self.lines[at]
        while self.text(at + 1) == "::" and WORD.match(self.text(at + 2)):
            at += 2
            steps.append(self.texts[at])
        self.scopes[-1].mentions.append(Mention(tuple(steps), line, in_use=False))
        return at


def read_file(root: Path, path: Path, parent: Module | None = None) -> Module:
    """The module of a file, with all that it declares."""
    module = Module(path.relative_to(root).as_posix(), parent)
    Reader(path.read_text(), module).read()
    folder = path.parent if path.name in {"mod.rs", "lib.rs"} else path.with_suffix("")
    for name in module.children:
        for child in (folder / f"{name}.rs", folder / name / "mod.rs"):
            if child.exists():
                module.children[name] = read_file(root, child, module)
    return module
