"""What the core calls to make an exception.

The core passes attributes under the names of its own structs; the class and the sentence are decided here. Every
builder returns the exception, it does not raise it. All arguments are keywords.
"""

from __future__ import annotations

from atlas_serverless import errors

from . import _codes
from ._api import STATUS_CLASSES
from ._code_classes import code_class
from ._text import without_secrets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any, TypeVar

    _E = TypeVar("_E", bound=errors.AtlasError)

_TRANSPORT: dict[str, type[errors.TransportError]] = {
    "connect": errors.ConnectError,
    "timeout": errors.RequestTimeoutError,
    "protocol": errors.ProtocolError,
    "broken": errors.TransportError,
    "outcome_unknown": errors.OutcomeUnknownError,
}


_OF_ANSWER = ("status", "error_code", "detail", "reason", "parameters", "method", "url", "headers")
"""What a wait for a missing resource tells of the last reply."""


def api_error(
    *,
    status: int,
    error_code: str | None = None,
    detail: str | None = None,
    reason: str | None = None,
    parameters: Iterable[Any] = (),
    violations: Iterable[Mapping[str, Any]] = (),
    method: str | None = None,
    url: str | None = None,
    attempts: int = 1,
    elapsed: float = 0.0,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    retryable: bool = False,
    hint: str | None = None,
    retry_after: float | None = None,
    body_start: str | None = None,
    endpoint_retired: bool = False,
) -> errors.ApiError:
    """The exception for a reply of status 400 or more.

    The class is that of `error_code` if `status` is the code's own, else that of the status. `endpoint_retired`
    makes it an EndpointRetired (whatever the status), with a hint where the core has none. `violations` are
    dicts with path, message, value and rule, or the API's with field and description; `elapsed` and `retry_after` are
    seconds; `headers` pairs or a mapping.
    """
    cls = (code_class(error_code, status) if error_code else None) or _status_class(status)
    if endpoint_retired:
        cls = cls if issubclass(cls, errors.EndpointRetired) else errors.EndpointRetired
        hint = hint or _codes.ADVICE["VERSION_GONE"].rstrip(".")
    return cls(
        status=status,
        error_code=error_code or None,
        detail=_clean(detail),
        reason=reason,
        parameters=parameters,
        violations=violations,
        method=method,
        url=url,
        attempts=attempts,
        elapsed=elapsed,
        headers=headers,
        retryable=retryable,
        hint=_clean(hint),
        retry_after=retry_after,
        body_start=_clean(body_start),
    )


def transport_error(
    *,
    kind: str,
    message: str,
    attempts: int = 1,
    elapsed: float = 0.0,
    method: str | None = None,
    url: str | None = None,
    status: int | None = None,
    body_start: str | None = None,
    operation: str | None = None,
    name: str | None = None,
    group_id: str | None = None,
    hint: str | None = None,
) -> errors.TransportError:
    """The exception for an exchange without a usable reply.

    `kind` is connect, timeout, protocol, broken or outcome_unknown (any other: a plain TransportError). `message` is a
    clause, such as “the reply is HTML or XML, not JSON”: method, path, attempts and hint are added to it; for
    outcome_unknown it is the whole sentence, but for the hint. `status` and `body_start` are kept for protocol and
    outcome_unknown; `operation`, `name` and `group_id` for outcome_unknown.
    """
    cls = _TRANSPORT.get(kind, errors.TransportError)
    more: dict[str, Any] = {}
    if issubclass(cls, (errors.ProtocolError, errors.OutcomeUnknownError)):
        more.update(status=status, body_start=_clean(body_start))
    if issubclass(cls, errors.OutcomeUnknownError):
        more.update(operation=operation, name=name, group_id=group_id)
    made = cls(
        cause=_clean(message), attempts=attempts, elapsed=elapsed, method=method, url=url, hint=_clean(hint), **more
    )
    return _open(made, message if kind == "outcome_unknown" else None)


def validation_error(*, violations: Sequence[Mapping[str, Any]], hint: str | None = None) -> errors.ValidationError:
    """The exception for a request that breaks rules: dicts with path, message, value and rule."""
    return errors.ValidationError(violations=violations, hint=_clean(hint))


def authentication_error(
    *,
    message: str | None = None,
    error: str | None = None,
    error_description: str | None = None,
    status: int | None = None,
    attempts: int = 1,
    elapsed: float = 0.0,
    hint: str | None = None,
) -> errors.AuthenticationError:
    """The exception for a refusal by the token endpoint, or a challenge that cannot be answered.

    `message`, where given, is the sentence, in place of “access was refused with 401 invalid_client: …”; attempts (if
    more than one) and hint are added to it.
    """
    made = errors.AuthenticationError(
        error=error,
        error_description=_clean(error_description),
        status=status,
        attempts=attempts,
        elapsed=elapsed,
        hint=_clean(hint),
    )
    return _open(made, message)


def wait_error(
    *,
    kind: str,
    message: str | None = None,
    last_state: str | None = None,
    polls: int = 0,
    elapsed: float = 0.0,
    last_error: str | None = None,
    result: Any = None,
    cause: BaseException | None = None,
    deleted: bool = False,
    hint: str | None = None,
) -> errors.WaitError:
    """The exception for a wait that ended without the wanted state: `kind` is timeout, failed or not_found.

    `message`, where given, is the whole sentence, but for the hint; else it is made from the other facts. `result` is
    the reply to the operation that came before the wait; `cause` becomes `__cause__`, and not_found has its facts too.
    """
    cls: Any = {"timeout": errors.WaitTimeoutError, "failed": errors.WaitFailedError}.get(kind, errors.WaitError)
    answer: dict[str, Any] = {}
    if kind == "not_found":
        cls = errors.WaitNotFoundError
        answer = {name: getattr(cause, name, None) for name in _OF_ANSWER}
    made: errors.WaitError = cls(
        **answer,
        deleted=deleted,
        last_state=last_state,
        polls=polls,
        elapsed=elapsed,
        last_error=_clean(last_error),
        result=result,
        hint=_clean(hint),
    )
    made.__cause__ = cause
    return _open(made, message)


def configuration_error(*, message: str, hint: str | None = None) -> errors.ConfigurationError:
    """The exception for credentials, base URL or options that cannot be used; `message` is the whole sentence."""
    return _open(errors.ConfigurationError(hint=_clean(hint)), message)


def _status_class(status: int) -> Any:
    return STATUS_CLASSES.get(status) or (errors.ServerError if status >= 500 else errors.ApiError)


def _open(error: _E, message: str | None) -> _E:
    if message:
        made: Any = error  # the stub shows nothing private
        made.args = (made._sentence(opening=message),)
    return error


def _clean(text: str | None) -> str | None:
    return without_secrets(text) if text else text
