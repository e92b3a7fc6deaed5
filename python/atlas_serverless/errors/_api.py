"""The service answered with an error: a class for each status. Those of the error codes are in `_code_classes`."""

from __future__ import annotations

from ._base import AtlasError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..types._values import Headers


class ApiError(AtlasError):
    """The service answered with a status of 400 or more, whatever the body.

    ============== ===================================================================================================
    `status`       HTTP status; with ``envelope=True`` the one inside the envelope (0 if constructed without one)
    `error_code`   the API's code, such as ``"DUPLICATE_CLUSTER_NAME"``; None if the body has none
    `detail`       the API's sentence; `reason` the status in words; `parameters` the API's list of strings and numbers
    `violations`   the fields that were refused, or that differ from what is there: dicts as in ValidationError
    `headers`      reply headers, a mapping whose names ignore case
    `attempts`     requests made in all; `elapsed` seconds since the call began; `method`, `url` the last request
    `retryable`    whether the client itself repeats such a call; `retry_after` seconds the server asks for, or None
    `body_start`   the first characters of a body that is not in the API's own shape
    ============== ===================================================================================================
    """

    status: int = 0
    error_code: str | None = None
    detail: str | None = None
    reason: str | None = None
    parameters: list[Any]
    violations: list[dict[str, Any]]
    method: str | None = None
    url: str | None = None
    attempts: int = 1
    elapsed: float = 0.0
    headers: Headers
    retryable: bool = False
    retry_after: float | None = None
    body_start: str | None = None

    def __init__(self, message: str | None = None, /, **facts: Any) -> None:
        from ..types._values import Headers
        from ._text import clean_url, violation_list

        facts["violations"] = violation_list(facts.get("violations") or ())
        facts["parameters"] = list(facts.get("parameters") or ())
        facts["headers"] = Headers(facts.get("headers") or ())
        super().__init__(message, **{**facts, "url": clean_url(facts.get("url"))})

    def _parts(self) -> tuple[str, list[str]]:
        from . import _text

        request = _text.request(self.method, self.url)
        answered = f"{request} answered" if request else "the service answered"
        head = f"{answered} {self.status or 'an error'} {self.error_code or self.reason or ''}".rstrip()
        if self.detail:
            head += f": {_text.short(self.detail)}"
        # The detail of a name that is taken lists them already.
        parts = [part for part in _text.violation_parts(self.violations) if part not in (self.detail or "")]
        if len(parts) > 1:
            head, parts = f"{head}; {_text.lines(len(self.violations), parts)}", []
        if self.body_start and not self.detail and not self.error_code:
            parts.append(f"the body is not the API's own: {_text.body(self.body_start)}")
            server = _text.server(self.url)
            parts += [f"the server is {server}"] if server else []
        if self.retry_after is not None:
            parts.append(f"asked to wait {_text.seconds(self.retry_after)}")
        return head, parts + _text.tries(self.attempts, self.elapsed)


class BadRequestError(ApiError):
    """400: the service does not accept the request. `violations` and `detail` say what to change."""

    status = 400


class UnauthorizedError(ApiError):
    """401: the credential is unknown, revoked or expired, or lacks the role in this project. `hint` says which."""

    status = 401


class PaymentRequiredError(ApiError):
    """402: the organization has no valid means of payment. Add one in Atlas under Billing."""

    status = 402


class ForbiddenError(ApiError):
    """403: the credential is known but may not do this: role (a create needs Project Owner) or IP access list."""

    status = 403


class NotFoundError(ApiError):
    """404: no such project, instance or path; `error_code` tells which."""

    status = 404


class MethodNotAllowedError(ApiError):
    """405: the path does not take this method, or not now."""

    status = 405


class NotAcceptableError(ApiError):
    """406: the service does not know this `api_version`."""

    status = 406


class ConflictError(ApiError):
    """409: the state of the resource does not allow this now, or something of that name is there."""

    status = 409


class GoneError(ApiError):
    """410: what was asked for existed once and does not any more."""

    status = 410


class EndpointRetired(GoneError):
    """The endpoint itself is gone, not the project and not the name. `status` is 410, or 404 or 405 where it says so.

    Atlas retired the creation of serverless instances in January 2026. Use ``create_flex_cluster`` (``to_flex_spec``
    converts the spec), or pass ``on_retired="flex"``, which does both.
    """


class RateLimitedError(ApiError):
    """429: too many requests, and another retry did not fit into the time of the call.

    `retry_after` is seconds that the server asked to wait, None if it did not say.
    """

    status = 429


class ServerError(ApiError):
    """5xx: the service or a gateway before it failed. Reads were retried; a create was looked up by name first."""

    status = 500


class InternalServerError(ServerError):
    """500: the service failed."""

    status = 500


class BadGatewayError(ServerError):
    """502: a gateway before the service got no valid reply from it."""

    status = 502


class ServiceUnavailableError(ServerError):
    """503: the service is down or overloaded; `retry_after` is seconds that it asked to wait, None if not said."""

    status = 503


class GatewayTimeoutError(ServerError):
    """504: a gateway before the service waited too long for it."""

    status = 504


STATUS_CLASSES: dict[int, type[ApiError]] = {
    cls.status: cls
    for cls in (
        BadRequestError,
        UnauthorizedError,
        PaymentRequiredError,
        ForbiddenError,
        NotFoundError,
        MethodNotAllowedError,
        NotAcceptableError,
        ConflictError,
        GoneError,
        RateLimitedError,
        InternalServerError,
        BadGatewayError,
        ServiceUnavailableError,
        GatewayTimeoutError,
    )
}
"""The class of each status. Any other is a ServerError from 500, a plain ApiError below."""
