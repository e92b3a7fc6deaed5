"""Docstrings: the text of a method with the table of its arguments."""

from __future__ import annotations

import textwrap

from stubs.table import Argument, Method

WIDTH = 108
USUAL_ERRORS = (
    "RateLimitedError, another ApiError for each status and code, TransportError without a usable reply, "
    "AuthenticationError"
)


def text(method: Method) -> str:
    """The whole docstring, without indentation."""
    return "\n\n".join(_paragraph(part, method) for part in method.doc.strip().split("\n\n"))


def with_signature(method: Method) -> str:
    """What the binary includes. The signature goes before the docstring where the binary takes any arguments, to tell
    what was meant by wrong ones: Python's `inspect` reads it from there."""
    if not method.is_lenient:
        return text(method)
    plain = [_shown(argument) for argument in method.plain]
    keywords = ["*", *(_shown(argument) for argument in method.keywords)] if method.keywords else []
    fields = [f"**{method.fields.name}"] if method.fields else []
    return f"{method.name}({', '.join(['$self', *plain, *keywords, *fields])})\n--\n\n{text(method)}"


def _shown(argument: Argument) -> str:
    return f"{argument.name}={argument.default}" if argument.default else argument.name


def quoted(method: Method, indent: str) -> str:
    """The docstring as it stands in a stub."""
    said = text(method)
    if "\n" not in said and len(indent + said) <= 114:
        return f'{indent}"""{said}"""\n'
    return textwrap.indent(f'"""{said}\n"""\n', indent)


def _paragraph(part: str, method: Method) -> str:
    if part == "<arguments>":
        return _table(method)
    if part.startswith((">>>", "Source:", "::")):
        return part
    return _filled(part.replace("<usual errors>", USUAL_ERRORS), WIDTH)


def _table(method: Method) -> str:
    rows = [(_names(argument, method), argument.doc) for argument in method.arguments if not argument.beside]
    if method.fields:
        rows.append((f"`**{method.fields.name}`", method.fields.doc))
    first = max(len(names) for names, _ in rows)
    rule = f"{'=' * first} {'=' * (WIDTH - first)}"
    lines = [rule]
    for names, said in rows:
        head, *more = _filled(said, WIDTH - first).splitlines()
        lines += [f"{names:<{first}} {head}", *(f"{'':<{first}} {line}" for line in more)]
    return "\n".join([*lines, rule])


def _names(argument: Argument, method: Method) -> str:
    beside = [other.name for other in method.arguments if other.beside == argument.name]
    return ", ".join(f"`{name}`" for name in (argument.name, *beside))


def _filled(said: str, width: int) -> str:
    return textwrap.fill(" ".join(said.split()), width, break_long_words=False, break_on_hyphens=False)
