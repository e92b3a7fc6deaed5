"""Errors on the command line: the exit code of each, and its text in one line and in words of the shell."""

from __future__ import annotations

import re

from atlas_serverless import errors

from ._common import CommandError, UsageError
from ._shell_words import in_shell_words

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

# Words in the error codes of a request that breaks rules, and of a state that does not permit it: both are often 400.
_BROKEN_RULES = re.compile("INVALID|MISSING|ATTRIBUTE|VALIDATION")
_CONFLICTS = re.compile("^DUPLICATE_|_ALREADY_|_IN_USE$|TERMINATION_PROTECTION")


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
    if _CONFLICTS.search(code_name) or "termination protection" in str(getattr(error, "detail", None)).lower():
        return CONFLICT
    if isinstance(error, errors.BadRequestError) and _BROKEN_RULES.search(code_name):
        return USAGE
    if isinstance(error, errors.WaitError) and isinstance(error.__cause__, errors.AtlasError):
        return exit_code(error.__cause__)
    return NOT_FOUND if isinstance(error, errors.WaitNotFoundError) else OTHER


def line(error: BaseException) -> str:
    """Its text in one line, with options and commands in the place of arguments and methods."""
    parts = [re.sub(r"^[-•*] +", "", part.strip()) for part in str(error).splitlines() if part.strip()]
    text = "; ".join(parts).replace(":;", ":")
    return text if isinstance(error, UsageError | CommandError) else in_shell_words(text)


def as_json(error: BaseException, code: int) -> dict[str, Any]:
    """The error as one object, for scripts."""
    facts = ("status", "error_code", "detail", "hint", "retryable", "attempts", "violations")
    known = {name: getattr(error, name) for name in facts if getattr(error, name, None) not in (None, [])}
    if isinstance(known.get("hint"), str):
        known["hint"] = in_shell_words(known["hint"], about=str(error))
    if "violations" in known:
        known["violations"] = [{**one, "message": in_shell_words(one["message"])} for one in known["violations"]]
    return {"error": {"class": type(error).__name__, "message": line(error), "exit_code": code, **known}}
