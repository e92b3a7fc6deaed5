"""`atlas-serverless __complete WORDS…`: what may stand in the place of the last word, one in a line."""

from __future__ import annotations

import argparse
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

#: Seconds that Atlas is asked for names.
_PATIENCE = 2.0
_CALENDARS = ("2024", "2025", "2025-12", "2026", "2027", "clock")
_STATES = ("IDLE", "CREATING", "UPDATING", "REPAIRING", "DELETING")
_WITH_NAME = ("get", "update", "delete", "wait", "upgrade")


def complete(parser: argparse.ArgumentParser, words: list[str]) -> int:
    """Print the candidates."""
    *before, last = words or [""]
    for candidate in sorted(set(_candidates(parser, before, last))):
        if candidate.startswith(last):
            print(candidate)
    return 0


class _Typed:
    """What stands before the cursor: the innermost parser, the commands, and the options' values."""

    def __init__(self, parser: argparse.ArgumentParser, words: list[str]) -> None:
        self.parser = parser
        self.commands: list[str] = []
        self.given: dict[str, str] = {}
        self.option: argparse.Action | None = None  # whose value is to come
        for word in words:
            self._take(word)

    def _take(self, word: str) -> None:
        if self.option is not None:
            self.given[self.option.dest] = word
            self.option = None
        elif word.startswith("-"):
            name, equals, value = word.partition("=")
            action = self.parser._option_string_actions.get(name)
            if action is not None and equals:
                self.given[action.dest] = value
            elif action is not None and action.nargs != 0:
                self.option = action
        elif (inner := _subparsers(self.parser).get(word)) is not None:
            self.parser = inner
            self.commands.append(word)


def _candidates(parser: argparse.ArgumentParser, before: list[str], last: str) -> Iterable[str]:
    typed = _Typed(parser, before)
    if typed.option is not None:
        return _values(typed.option, typed.given, typed.commands)
    if last.startswith("-"):
        return [name for name in typed.parser._option_string_actions if name.startswith("--") or last == "-"]
    actions = typed.parser._get_positional_actions()
    choices = [str(choice) for action in actions for choice in action.choices or ()]
    return choices or _positionals(typed.commands, typed.given)


def _positionals(commands: list[str], given: dict[str, str]) -> Iterable[str]:
    if commands[:1] == ["errors"]:
        return _codes()
    if commands == ["projects", "get"]:
        return _projects(given)
    if len(commands) == 2 and commands[0] in ("flex", "serverless") and commands[1] in _WITH_NAME:
        return _names(commands[0], given)
    return ()


def _subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def _values(option: argparse.Action, given: dict[str, str], chosen: list[str]) -> Iterable[str]:
    """What an option takes."""
    if option.choices is not None:
        return [str(choice) for choice in option.choices]
    if option.dest == "region":
        return _regions(given.get("provider"), flex=chosen[:1] == ["flex"])
    if option.dest == "profile":
        return _profiles()
    if option.dest in ("project_id", "group_id"):
        return _projects(given)
    if option.dest == "calendar":
        return _CALENDARS
    return _STATES if option.dest == "state" else ()


def _regions(provider: str | None, *, flex: bool) -> Iterable[str]:
    from atlas_serverless._core import regions

    found = [region for region in regions() if provider in (None, region["provider"])]
    return [region["name"] for region in found if region["flex"] == "yes" or not flex]


def _codes() -> Iterable[str]:
    from atlas_serverless.errors import _codes

    return list(_codes.CODES)


def _profiles() -> Iterable[str]:
    """The names in the Atlas CLI's file."""
    from atlas_serverless.testing import _environment

    _, folder, place = _environment._config_folder()
    return _environment._names(folder / place / "atlascli" / "config.toml")


def _names(kind: str, given: dict[str, str]) -> Iterable[str]:
    client = _client(given)
    with client:
        listed = client.list_flex_clusters() if kind == "flex" else client.list_serverless_instances()
        return [entry["name"] for entry in listed[:200]]


def _projects(given: dict[str, str]) -> Iterable[str]:
    client = _client(given)
    with client:
        return [project["id"] for project in client.list_projects()[:200]]


def _client(given: dict[str, str]) -> Any:
    """A client that gives up soon; it shares the token of the other commands."""
    import atlas_serverless

    options = {
        "profile": given.get("profile"),
        "base_url": given.get("base_url"),
        "group_id": given.get("project_id"),
        "token_cache": None if os.environ.get("ATLAS_SERVERLESS_TOKEN_CACHE") else "file",
    }
    return atlas_serverless.Client(
        timeout=_PATIENCE,
        connect_timeout=_PATIENCE,
        max_retries=0,
        **{name: value for name, value in options.items() if value is not None},  # type: ignore[arg-type]
    )
