"""Every exception and warning of atlas-serverless.

::

    AtlasError                                .hint
    ├─ ConfigurationError                     credentials, base URL or options that cannot be used
    ├─ ValidationError (also ValueError)      .violations: all at once, before anything is sent
    ├─ TransportError                         .cause .attempts .elapsed .method .url
    │   ├─ ConnectError (also ConnectionError)
    │   ├─ RequestTimeoutError (also TimeoutError)
    │   ├─ ProtocolError                      .status .body_start
    │   └─ OutcomeUnknownError                .operation .name .group_id
    ├─ ApiError                               .status .error_code .detail .reason .parameters .violations .method .url
    │   │                                     .attempts .elapsed .headers .retryable .retry_after .body_start
    │   ├─ BadRequestError 400                ServerValidationError (also ValidationError): VALIDATION_ERROR
    │   ├─ UnauthorizedError 401, PaymentRequiredError 402, ForbiddenError 403, NotFoundError 404
    │   ├─ MethodNotAllowedError 405, NotAcceptableError 406, ConflictError 409
    │   ├─ GoneError 410                      EndpointRetired: the endpoint itself is gone
    │   ├─ RateLimitedError 429               .retry_after
    │   ├─ ServerError 5xx                    InternalServerError 500, BadGatewayError 502, ServiceUnavailableError 503,
    │   │                                     GatewayTimeoutError 504
    │   └─ one class for each documented error code, under its status:
    │      DUPLICATE_CLUSTER_NAME → DuplicateClusterName(BadRequestError)
    ├─ AuthenticationError                    .error .error_description .status .attempts .elapsed
    └─ WaitError                              .last_state .polls .elapsed .last_error .result
        ├─ WaitTimeoutError (also TimeoutError)
        └─ WaitFailedError

    AtlasWarning (UserWarning, so shown by default)
    └─ EndpointDeprecatedWarning, RegionWarning, FieldIgnoredWarning, CredentialWarning, ConversionWarning

The class of an error code is its parts, each capitalised: ``NO_GROUP_SSH_KEY`` is :class:`NoGroupSshKey`. These classes
are made when they are first asked for. The HTTP status decides first: a code that is unknown, or met under a status
that is not its own, gets the class of the status and keeps ``.error_code``. Two codes have a place of their own:
``VALIDATION_ERROR`` is :class:`ServerValidationError`, ``VERSION_GONE`` is a kind of :class:`EndpointRetired`.

Every exception can be made by hand with a message alone (for tests of your own code), can be pickled and copied with
all its facts, and prints one sentence without secrets. The list of codes: https://www.mongodb.com/docs/atlas/reference/
api-errors/ (the page “Atlas Administration API Error Codes”).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..types._values import Headers


class AtlasError(Exception):
    """Base of every exception that atlas-serverless raises. `hint` says what to do next, where that is known.

    Every class takes a message (without one, the sentence is made from the facts) and its attributes as keywords.
    """

    hint: str | None = None

    def __init__(self, message: str | None = None, /, **facts: Any) -> None:
        known = {name for cls in type(self).__mro__ for name in getattr(cls, "__annotations__", ())}
        for name, value in facts.items():
            if name not in known:
                raise TypeError(f"{type(self).__name__}() got an unexpected keyword argument {name!r}")
            if value is not None:  # None is what the class says
                self.__dict__[name] = value
        if message is None:
            from ._text import sentence

            message = sentence(self)
        self.args = (message,)  # no super().__init__(): it can be OSError's, which makes something else of it

    def __str__(self) -> str:  # OSError has one of its own
        return str(self.args[0]) if self.args else ""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, dict(self.__dict__))


def _rebuild(cls: type[AtlasError], args: tuple[Any, ...], facts: dict[str, Any]) -> AtlasError:
    """What pickle and copy call: no constructor runs, so that every fact comes back as it was."""
    error = cls.__new__(cls, *args)
    error.args = args  # OSError.__new__ leaves them to its __init__
    error.__dict__.update(facts)
    return error


class ConfigurationError(AtlasError):
    """Credentials, base URL or options cannot be used: none, two at once, half a pair, malformed. Nothing was sent.

    The message names what was looked at and what was found, never a secret.
    """


class ValidationError(AtlasError, ValueError):
    """The request breaks rules of the API; nothing was sent.

    `violations` has all of them at once, each a dict ``{"path", "message", "value", "rule"}`` with a path such as
    ``providerSettings.regionName`` or ``tags[3].key``. :class:`ServerValidationError`, the server's own refusal, is a
    ValidationError too.
    """

    violations: list[dict[str, Any]]

    def __init__(self, message: str | None = None, /, **facts: Any) -> None:
        from ._text import violation_list

        super().__init__(message, **{**facts, "violations": violation_list(facts.get("violations") or ())})


class TransportError(AtlasError):
    """No usable reply: the connection broke after the request was sent, or one of the kinds below.

    `cause` says what happened, `attempts` counts the requests made, `elapsed` is seconds since the call began, `method`
    and `url` name the last request. What may safely be sent again has been sent again, within `max_retries` and
    `max_retry_time`: look at the network, or call again later.
    """

    cause: str | None = None
    attempts: int = 1
    elapsed: float = 0.0
    method: str | None = None
    url: str | None = None

    def __init__(self, message: str | None = None, /, **facts: Any) -> None:
        from ._text import clean_url

        super().__init__(message, **{**facts, "url": clean_url(facts.get("url"))})


class ConnectError(TransportError, ConnectionError):
    """No connection: refused, unknown host, TLS or proxy trouble. Nothing of the request was sent."""


class RequestTimeoutError(TransportError, TimeoutError):
    """No reply in time: `timeout` and `connect_timeout` are seconds for one attempt. Reads were tried again."""


class ProtocolError(TransportError):
    """A reply that cannot be what the API sends: HTML, cut short, of the wrong type. Often a proxy or a wrong base URL.

    `status` is its HTTP status, `body_start` the first characters of its body, where there were any.
    """

    status: int | None = None
    body_start: str | None = None


class OutcomeUnknownError(TransportError):
    """A create may or may not have happened: its answer was lost and the look-up by name failed as well.

    Look for `name` in `group_id` before you call `operation` again. With ``if_exists="return"`` calling it again is
    safe: it returns the instance that matches the request, or creates it.
    """

    operation: str | None = None
    name: str | None = None
    group_id: str | None = None
    status: int | None = None
    body_start: str | None = None


class ApiError(AtlasError):
    """The service answered with a status of 400 or more, whatever the body.

    ============== ===================================================================================================
    `status`       HTTP status; with ``envelope=True`` the one inside the envelope (0 only if made by hand without one)
    `error_code`   the API's code, such as ``"DUPLICATE_CLUSTER_NAME"``; None if the body has none
    `detail`       the API's sentence; `reason` the status in words; `parameters` the API's list of strings and numbers
    `violations`   the fields that the service refused, or that differ from what is there: dicts as in ValidationError
    `headers`      reply headers, a mapping whose names ignore case
    `attempts`     requests made in all; `elapsed` seconds since the call began; `method`, `url` the last request
    `retryable`    whether the same call can succeed later; `retry_after` seconds that the server asked to wait, or None
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


class BadRequestError(ApiError):
    """400: the service does not accept the request. `violations` and `detail` say what to change."""

    status = 400


class UnauthorizedError(ApiError):
    """401: the credential is unknown, revoked, expired, or no member of the project's organization. See `hint`."""

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
    converts), or pass ``on_retired="flex"`` to have that done.
    """


class RateLimitedError(ApiError):
    """429: too many requests, and waiting for more would not have fit the limits of the call.

    `retry_after` is seconds that the server asked to wait, None if it did not say.
    """

    status = 429


class ServerError(ApiError):
    """5xx: the service or a gateway before it failed. Reads were tried again; a create was looked up by name first."""

    status = 500


class InternalServerError(ServerError):
    """500: the service failed."""


class BadGatewayError(ServerError):
    """502: a gateway before the service got no good answer from it."""

    status = 502


class ServiceUnavailableError(ServerError):
    """503: the service is down or overloaded; `retry_after` is seconds that it asked to wait, None if not said."""

    status = 503


class GatewayTimeoutError(ServerError):
    """504: a gateway before the service waited too long for it."""

    status = 504


class AuthenticationError(AtlasError):
    """No access: the token endpoint refused the service account, or its challenge for an API key can't be answered.

    `error` and `error_description` are OAuth's (``"invalid_client"``), `status` the HTTP status, each None if there was
    none; `attempts` counts requests to the token endpoint, `elapsed` is seconds. `hint` names the credential's source.
    """

    error: str | None = None
    error_description: str | None = None
    status: int | None = None
    attempts: int = 1
    elapsed: float = 0.0


class WaitError(AtlasError):
    """Waiting ended without the wanted state. What was asked of Atlas goes on there.

    `last_state` is the last state seen (None if none was), `polls` how often it was asked, `elapsed` seconds since the
    wait began, `last_error` the last trouble met while asking, as a sentence. After ``wait=True`` on a create, an
    update or a deletion, `result` is what that call would have returned without it: it was carried out. None after
    `wait_for_…`.
    """

    last_state: str | None = None
    polls: int = 0
    elapsed: float = 0.0
    last_error: str | None = None
    result: Any = None


class WaitTimeoutError(WaitError, TimeoutError):
    """The deadline passed (`timeout`, in seconds). Wait again, or with a longer one: nothing was undone."""


class WaitFailedError(WaitError):
    """The wanted state cannot be reached any more: the resource is gone, or is being deleted.

    After ``wait=True`` also where asking failed for good, such as with 403: `__cause__` is that error.
    """


class AtlasWarning(UserWarning):
    """Base of every warning of atlas-serverless; a UserWarning, so shown by default.

    Where a filter makes exceptions of warnings, `result` is what the call returned all the same: a create that warns
    has created. None where nothing was sent yet.
    """

    result: Any = None


class EndpointDeprecatedWarning(AtlasWarning):
    """The service announced the end of an endpoint (`Deprecation`, `Sunset`), or it has ended. Once per endpoint."""


class RegionWarning(AtlasWarning):
    """A region that the table of this version does not know for the provider. It is sent all the same."""


class FieldIgnoredWarning(AtlasWarning):
    """The service did not take over a field: the message names field, what was asked and what is there."""


class CredentialWarning(AtlasWarning):
    """Credentials that contradict each other, or a file with secrets that others can read."""


class ConversionWarning(AtlasWarning):
    """What a conversion from a serverless instance to a Flex cluster loses or changes."""


def __getattr__(name: str) -> Any:
    """The class of a documented error code, made when it is first asked for."""
    if not name.startswith("_"):
        from ._classes import class_named

        found = class_named(name)
        if found is not None:
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    from ._classes import class_names

    return sorted({*globals(), *class_names()} - {"TYPE_CHECKING", "annotations"})
