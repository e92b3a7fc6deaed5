"""Docstrings as Markdown: they are written to be read in a terminal, with tables of `===` and examples of `>>>`."""

from __future__ import annotations

import re
import textwrap
from typing import Any

import griffe

import generate_error_codes as codes

RULE = re.compile(r"^(=+) (=+)$")
URL = re.compile(r"(?<![<(])(https?://[^\s)>,]+[^\s)>,.])")
ROLE = re.compile(r":(?:class|meth|func|mod):`~?([^`]+)`")
CODE = re.compile(r"(``.+?``|`[^`]+`)", re.DOTALL)
#: Exceptions, which texts name without any mark: each becomes a link.
CLASSES = {node.name for node in codes.read_classes()} | {row.class_name for row in codes.read_table()}
NAME = re.compile(r"(?<![\w`.\[])(" + "|".join(sorted(CLASSES, key=len, reverse=True)) + r")(?![\w`]|\.\w)")


class Docstrings(griffe.Extension):
    """Rewrites each docstring once it is read."""

    def on_class_members(self, *, cls: griffe.Class, **_: Any) -> None:
        """A stub's method that is nothing but overloads is a method: of the first, which has the docstring."""
        for name, functions in cls.overloads.items():
            if name not in cls.members and functions:
                functions[0].overloads = list(functions)
                cls.set_member(name, functions[0])
        if "__init__" not in cls.members and isinstance(new := cls.members.get("__new__"), griffe.Function):
            new.name = "__init__"  # the constructor that a signature is shown of
            cls.members["__init__"] = new
        cls.members = dict(sorted(cls.members.items(), key=lambda member: member[1].lineno or 0))

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring:
            obj.docstring.value = markdown(obj.docstring.value)


def markdown(text: str) -> str:
    """The docstring's text in Markdown."""
    return "\n\n".join(_paragraphs(text))


def _paragraphs(text: str) -> list[str]:
    found: list[str] = []
    code: list[str] = []  # paragraphs of one block
    announced = False  # by `::`
    for part in re.split(r"\n[ \t]*\n", text.strip("\n")):
        first = part.strip().partition("\n")[0]
        if part.startswith("    ") and (announced or code or not _in_section(found)):
            code.append(part)
            announced = False
            continue
        if code:
            found.append(_fenced("\n\n".join(code)))
            code = []
        announced = part.rstrip().endswith("::")
        if announced:
            if said := part.rstrip().removesuffix("::").rstrip():
                found.append(_inline(said) + ":")
        elif RULE.match(first):
            found.append(_table(part.strip().splitlines()))
        elif first.startswith(">>>"):
            found.append(f"```pycon\n{textwrap.dedent(part)}\n```")
        elif first:
            found.append(_inline(part))
    return [*found, _fenced("\n\n".join(code))] if code else found


def _in_section(found: list[str]) -> bool:
    """The paragraph goes on with a section such as `Args:`, whose lines are indented."""
    return any(re.search(r"^(Args|Returns|Raises|Yields|Attributes):$", part, re.MULTILINE) for part in found)


def _fenced(part: str) -> str:
    code = textwrap.dedent(part)
    language = "python" if re.search(r"^(from|import|with|async|def|@|\w+ = )", code, re.MULTILINE) else "text"
    return f"```{language}\n{code}\n```"


def _table(lines: list[str]) -> str:
    """A table of two columns, whose rows go on in lines with nothing in the first."""
    rule = RULE.match(lines[0])
    width = len(rule[1]) if rule else 0
    rows: list[list[str]] = []
    for line in (line for line in lines if not RULE.match(line)):
        name, said = line[:width].strip(), line[width:].strip()
        if name:
            rows.append([name, said])
        elif rows:
            rows[-1][1] += f" {said}"
    body = "\n".join(f"| {name} | {_inline(said)} |" for name, said in rows)
    return f"| | |\n| --- | --- |\n{body}"


def _inline(text: str) -> str:
    parts = CODE.split(ROLE.sub(r"`\1`", text))  # every second one is code
    parts[::2] = [NAME.sub(r"[`\1`][atlas_serverless.errors.\1]", URL.sub(r"<\1>", part)) for part in parts[::2]]
    return "".join(parts)
