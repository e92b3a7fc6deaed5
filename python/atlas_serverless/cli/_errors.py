"""Errors on the command line: the exit code of each, and its text in one line and in words of the shell."""

from __future__ import annotations

import re

from atlas_serverless import errors

from ._common import CommandError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DONE, OTHER, USAGE, ACCESS, NOT_FOUND, CONFLICT, RATE_LIMITED, TIMEOUT, UNREACHABLE, RETIRED = range(10)
INTERRUPTED = 130
EXIT_CODES = {
    DONE: "done",
    OTHER: "any other error",
    USAGE: "invalid command line, or a request that breaks rules of the API",
    ACCESS: "no usable credentials, or they may not do this",
    NOT_FOUND: "project or cluster not found",
    CONFLICT: "it exists already, or is in a state that does not permit this",
    RATE_LIMITED: "rate limited",
    TIMEOUT: "the time is up",
    UNREACHABLE: "no usable reply",
    RETIRED: "Atlas has retired the endpoint",
    INTERRUPTED: "Ctrl-C",
}
EPILOG = "exit codes:\n" + "\n".join(f"  {code:<4} {text}" for code, text in EXIT_CODES.items())

_OPTIONS = ("on_retired", "if_exists", "on_timeout", "on_error", "missing_ok")
_KINDS = {"flex_cluster": "flex", "serverless_instance": "serverless"}
_ACTIONS = {"wait_for": "wait"}


def exit_code(error: BaseException) -> int:
    """The exit code of an error."""
    classes: tuple[tuple[Any, int], ...] = (
        ((UsageError, ValueError), USAGE),  # ValueError: of an argument that the client judges, or a ValidationError
        ((errors.EndpointRetired, errors.GoneError), RETIRED),
        (errors.OutcomeUnknownError, OTHER),
        ((errors.ConfigurationError, errors.AuthenticationError), ACCESS),
        ((errors.UnauthorizedError, errors.ForbiddenError), ACCESS),
        (errors.NotFoundError, NOT_FOUND),
        (errors.ConflictError, CONFLICT),
        (errors.RateLimitedError, RATE_LIMITED),
        ((errors.WaitTimeoutError, errors.RequestTimeoutError), TIMEOUT),
        (errors.TransportError, UNREACHABLE),
    )
    for kinds, code in classes:
        if isinstance(error, kinds):
            return code
    code_name = str(getattr(error, "error_code", None) or "")
    if code_name.startswith("DUPLICATE_") or code_name.endswith(("_ALREADY_EXISTS", "_ALREADY_IN_USE")):
        return CONFLICT
    if isinstance(error, errors.WaitError) and isinstance(error.__cause__, errors.AtlasError):
        return exit_code(error.__cause__)
    missing = getattr(errors, "WaitNotFoundError", None)
    return NOT_FOUND if missing is not None and isinstance(error, missing) else OTHER


def line(error: BaseException) -> str:
    """Its text in one line, with options and commands in the place of arguments and methods."""
    parts = [re.sub(r"^[-•*] +", "", part.strip()) for part in str(error).splitlines() if part.strip()]
    text = "; ".join(parts).replace(":;", ":")
    return text if isinstance(error, UsageError | CommandError) else in_shell_words(text)


def in_shell_words(text: str) -> str:
    """``on_retired="flex"`` as ``--on-retired flex``, ``get_flex_cluster`` as ``atlas-serverless flex get``."""
    options = "|".join(_OPTIONS)
    text = re.sub(rf"\b({options})=\"?(\w+)\"?", lambda found: f"--{_dashed(found[1])} {found[2]}", text)
    text = text.replace("--missing-ok True", "--missing-ok")
    text = re.sub(r"Client\((--[\w -]+)\)", r"\1", text)
    text = text.replace("find() looks for both kinds", "`atlas-serverless serverless get` looks for the other kind")
    methods = r"\b(create|get|list|update|delete|upgrade|wait_for)_(flex_cluster|serverless_instance)s?\b(\([^()]*\))?"
    return re.sub(methods, _command, re.sub(r"(Client\()?\bgroup_id=(…|\.\.\.)?\)?", "--project-id", text))


def _command(found: re.Match[str]) -> str:
    return f"`atlas-serverless {_KINDS[found[2]]} {_ACTIONS.get(found[1], found[1])}`"


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def as_json(error: BaseException, code: int) -> dict[str, Any]:
    """The error as one object, for scripts."""
    facts = ("status", "error_code", "detail", "hint", "retryable", "attempts", "violations")
    known = {name: getattr(error, name) for name in facts if getattr(error, name, None) not in (None, [])}
    if isinstance(known.get("hint"), str):
        known["hint"] = in_shell_words(known["hint"])
    return {"error": {"class": type(error).__name__, "message": line(error), "exit_code": code, **known}}
