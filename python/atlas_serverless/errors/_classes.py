"""The classes of the documented error codes, made from the table `_codes` when they are first asked for."""

from __future__ import annotations

from atlas_serverless import errors

from . import _codes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# status -> class; other statuses are a ServerError from 500, a plain ApiError below
STATUS_CLASSES: dict[int, type[errors.ApiError]] = {
    400: errors.BadRequestError,
    401: errors.UnauthorizedError,
    402: errors.PaymentRequiredError,
    403: errors.ForbiddenError,
    404: errors.NotFoundError,
    405: errors.MethodNotAllowedError,
    406: errors.NotAcceptableError,
    409: errors.ConflictError,
    410: errors.GoneError,
    429: errors.RateLimitedError,
    500: errors.InternalServerError,
    502: errors.BadGatewayError,
    503: errors.ServiceUnavailableError,
    504: errors.GatewayTimeoutError,
}
# code -> (status, basis), from the lists that scripts/generate_codes.py writes
CODES: dict[str, tuple[int, str]] = {
    code: (status, basis) for (status, basis), codes in _codes.TABLE.items() for code in codes.split()
}


def class_name(code: str) -> str:
    """``NO_GROUP_SSH_KEY`` -> ``NoGroupSshKey``; ``VALIDATION_ERROR`` -> ``ServerValidationError``.

    ValidationError is the class of what is refused before the network; the server's own refusal is one of its kinds.
    """
    if code == "VALIDATION_ERROR":
        return "ServerValidationError"
    return "".join(part.capitalize() for part in code.split("_"))


_NAMES = {class_name(code): code for code in CODES}


def class_names() -> list[str]:
    """The names of all code classes, in the table's order."""
    return list(_NAMES)


def class_named(name: str) -> type[errors.ApiError] | None:
    """The code class of that name, or None."""
    code = _NAMES.get(name)
    return code_class(code, CODES[code][0]) if code else None


def code_class(code: str, status: int) -> type[errors.ApiError] | None:
    """The class of that code, if the table has it under that status."""
    own, basis = CODES.get(code, (0, ""))
    if own != status:
        return None
    name = class_name(code)
    made: type[errors.ApiError] | None = vars(errors).get(name)
    if made is None:
        doc = _codes.DOCSTRING.format(
            code=code,
            status=status,
            basis=_codes.BASES[basis],
            remedy=_codes.REMEDIES.get(code, _codes.REMEDY),
        )
        facts: dict[str, Any] = {"__module__": errors.__name__, "__doc__": doc, "error_code": code}
        made = errors.__dict__.setdefault(name, type(name, _bases(code, status), facts))  # one class, whoever is first
    return made


def _bases(code: str, status: int) -> tuple[type[errors.AtlasError], ...]:
    if code == "VALIDATION_ERROR":
        return (errors.BadRequestError, errors.ValidationError)
    if code == "VERSION_GONE":
        return (errors.EndpointRetired,)
    return (STATUS_CLASSES[status],)
