"""The page of the command line, made from its parser."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

from atlas_serverless import cli

HEAD = """\
# Command line

Made from the parser: what `atlas-serverless COMMAND --help` says, on one page.

{description}
{epilog}
Results are on stdout, errors and warnings on stderr.

"""


def commands() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command with its parser, that of the whole command line first."""
    parser, _ = cli.build_parser()
    yield from _walk(cli.PROG, parser)


def _walk(name: str, parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    yield name, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, inner in action.choices.items():
                yield from _walk(f"{name} {word}", inner)


def page() -> str:
    (name, whole), *rest = commands()
    lines = [HEAD.format(description=whole.description, epilog=_epilog(whole)), *_arguments(whole)]
    for name, parser in rest:
        depth = "#" * name.count(" ")
        lines += [f"\n#{depth} {name.removeprefix(cli.PROG + ' ')}\n", parser.description or "", _usage(name, parser)]
        lines += _arguments(parser)
        lines.append(_epilog(parser))
    return "\n".join(lines) + "\n"


def _epilog(parser: argparse.ArgumentParser) -> str:
    """Paragraphs; a list stays as it is printed."""
    blocks = (parser.epilog or "").split("\n\n")
    return "\n" + "\n\n".join(f"```text\n{block}\n```" if "\n  " in block else block for block in blocks) + "\n"


def _usage(name: str, parser: argparse.ArgumentParser) -> str:
    words = re.sub(r"\s+", " ", parser.format_usage().removeprefix("usage: ")).strip()
    lines, line = [], ""
    for word in re.findall(r"\[[^\]]*\]|\S+", words):
        if len(line) + len(word) > 96:
            lines.append(line)
            line = " " * 4
        line += f" {word}" if line.strip() else word
    return "\n```text\n" + "\n".join([*lines, line]) + "\n```\n"


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    rows = [(_name(action), _help(action, parser)) for action in parser._actions if action.help != argparse.SUPPRESS]
    rows = [(name, said) for name, said in rows if name and name != "`-h`, `--help`"]
    inner = [(f"`{action.dest}`", action.help or "") for action in _choices(parser)]
    if rows:
        yield "\n| argument | |\n| --- | --- |"
        yield "\n".join(f"| {name} | {said} |" for name, said in rows)
    if inner:
        yield "\n| command | |\n| --- | --- |"
        yield "\n".join(f"| {name} | {said} |" for name, said in inner)


def _choices(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    found = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return [choice for action in found for choice in action._choices_actions]


def _name(action: argparse.Action) -> str:
    if isinstance(action, argparse._SubParsersAction):
        return ""
    value = "" if action.nargs == 0 else action.metavar or _values(action)
    if not action.option_strings:
        return f"`{value}`"
    shown = [f"`{option}`" for option in action.option_strings]
    shown[-1] = f"`{action.option_strings[-1]}{f' {value}' if value else ''}`"
    return ", ".join(shown)


def _values(action: argparse.Action) -> str:
    if isinstance(action, argparse.BooleanOptionalAction):
        return ""
    return "{" + ",".join(map(str, action.choices)) + "}" if action.choices else action.dest.upper()


def _help(action: argparse.Action, parser: argparse.ArgumentParser) -> str:
    said = (action.help or "") % {**vars(action), "prog": parser.prog}
    return re.sub(r"(?<![\w`-])(--[\w-]+)", r"`\1`", said).replace("|", "\\|")
