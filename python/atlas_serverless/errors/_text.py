"""The one sentence of each exception, and what may not stand in it. Loaded when the first exception is made."""

from __future__ import annotations

import re

from atlas_serverless import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

_LONGEST_PART = 300  # characters of a detail or cause
_LONGEST_OPENING = 4000  # characters of a sentence that the core gives
_LONGEST_BODY = 120  # characters of a body that is not the API's
_MOST_VIOLATIONS = 20
_DEEPEST_VALUE = 8

_SECRET = re.compile(
    r"mdb_sa_sk_\S+|\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]+)?|(?<=\bBearer )[\w.~+/=-]{16,}|(?<=\bBasic )[\w+/=]{16,}|(?<=://)[^/\s@]+@"
    r"|(?<=client_secret=)[^&\s]+|(?<=access_token=)[^&\s]+",
    re.IGNORECASE,
)
_SECRET_PARAMETER = re.compile(r"([?&][^=&#]*(?:token|secret|password|key|sig|auth|code)[^=&#]*=)[^&#]*", re.IGNORECASE)


def without_secrets(text: str) -> str:
    """The text with tokens, service account secrets and user information replaced by ``******``."""
    return _SECRET.sub("******", text)


def clean_url(url: str | None) -> str | None:
    """The URL without user information, fragment, and the values of query parameters that look like secrets."""
    if not url:
        return url
    scheme, found, rest = url.partition("://")
    if found:
        host, slash, path = rest.partition("/")
        url = f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"
    return without_secrets(_SECRET_PARAMETER.sub(r"\1******", url.partition("#")[0]))


def violation_list(violations: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Violations as dicts of path, message, value and rule; the API's of field and description become such."""
    result = []
    for given in violations:
        one = {"path": "", "message": "", "value": None, "rule": "server"} | dict(given)
        if "field" in one or "description" in one:
            one["path"] = one.pop("field", None) or one["path"]
            one["message"] = one.pop("description", None) or one["message"]
        one["value"] = _plain(one["value"])
        result.append(one)
    return result


def _plain(value: Any, depth: int = 0) -> Any:
    """The value where it is JSON, else a short text: an exception must be picklable whatever it was given."""
    if value is None or type(value) in (str, int, float, bool):
        return value
    if type(value) is dict and depth < _DEEPEST_VALUE:
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if type(value) in (list, tuple) and depth < _DEEPEST_VALUE:
        return [_plain(item, depth + 1) for item in value]
    return f"<{type(value).__name__}>"


def sentence(error: errors.AtlasError, opening: str | None = None) -> str:
    """What `str()` of this exception says, made from its facts, or from a sentence of the core that has them."""
    if isinstance(error, errors.ApiError):
        head, parts = _api(error)
    elif isinstance(error, errors.ValidationError):
        head, parts = _validation(error)
    elif isinstance(error, errors.OutcomeUnknownError):
        head, parts = _outcome_unknown(error)
    elif isinstance(error, errors.TransportError):
        head, parts = _transport(error)
    elif isinstance(error, errors.AuthenticationError):
        head, parts = _authentication(error)
    elif isinstance(error, errors.WaitError):
        head, parts = _wait(error)
    elif isinstance(error, errors.ConfigurationError):
        head, parts = "the configuration cannot be used", []
    else:
        head, parts = "the call failed", []
    if opening:
        head = _short(opening, _LONGEST_OPENING)
        parts = _tries(error.attempts, error.elapsed) if isinstance(error, errors.AuthenticationError) else []
    if error.hint:
        parts.append(_short(error.hint))
    return without_secrets("; ".join([head, *parts]))


def _api(error: errors.ApiError) -> tuple[str, list[str]]:
    request = _request(error.method, error.url)
    answered = f"{request} answered" if request else "the service answered"
    head = f"{answered} {error.status or 'an error'} {error.error_code or error.reason or ''}".rstrip()
    if error.detail:
        head += f": {_short(error.detail)}"
    # The sentence of a name that is taken lists them already.
    parts = [part for part in _violation_parts(error.violations) if part not in (error.detail or "")]
    if error.body_start and not error.detail and not error.error_code:
        parts.append(f"the body is not the API's own: {_body(error.body_start)}")
    if error.retry_after is not None:
        parts.append(f"asked to wait {_seconds(error.retry_after)}")
    return head, parts + _tries(error.attempts, error.elapsed)


def _validation(error: errors.ValidationError) -> tuple[str, list[str]]:
    parts = _violation_parts(error.violations)
    if not parts:
        return "the request breaks rules of the API", []
    if len(parts) == 1:
        return parts[0], []
    return f"the request breaks {len(error.violations)} rules: {parts[0]}", parts[1:]


def _transport(error: errors.TransportError) -> tuple[str, list[str]]:
    request = _request(error.method, error.url) or "the request"
    if error.cause:
        head = f"{request}: {_short(error.cause)}"
    elif isinstance(error, errors.ConnectError):
        head = f"{request} could not connect"
    elif isinstance(error, errors.RequestTimeoutError):
        head = f"{request} got no reply in time"
    elif isinstance(error, errors.ProtocolError):
        head = f"{request} got a reply that the API does not send"
    else:
        head = f"{request} got no usable reply"
    return head, _reply(error) + _tries(error.attempts, error.elapsed)


def _outcome_unknown(error: errors.OutcomeUnknownError) -> tuple[str, list[str]]:
    name = f" {error.name!r}" if error.name else ""
    group = f" in project {error.group_id}" if error.group_id else ""
    head = f"{error.operation or 'the create'}{name}{group} may or may not have been carried out"
    if error.cause:
        head += f": {_short(error.cause)}"
    what = f"look for{name}" if name else "look for it"
    advice = f'{what} before you create it again, or call again with if_exists="return"'
    return head, [*_reply(error), *_tries(error.attempts, error.elapsed), advice]


def _authentication(error: errors.AuthenticationError) -> tuple[str, list[str]]:
    said = " ".join(str(part) for part in (error.status, error.error) if part)
    head = "access was refused" + (f" with {said}" if said else "")
    if error.error_description:
        head += f": {_short(error.error_description)}"
    return head, _tries(error.attempts, error.elapsed)


def _wait(error: errors.WaitError) -> tuple[str, list[str]]:
    late = isinstance(error, errors.WaitTimeoutError)
    head = "the wanted state was not reached " + ("in time" if late else "and cannot be any more")
    parts = [f"last state {error.last_state}" if error.last_state else "no state was seen"]
    parts.append(f"asked {_times(error.polls)} in {_seconds(error.elapsed)}")
    if error.last_error:
        parts.append(f"last trouble: {_short(error.last_error)}")
    return head, parts


def _request(method: str | None, url: str | None) -> str:
    """``POST /api/atlas/v2/groups/…/serverless``: neither host nor query."""
    path = (url or "").partition("?")[0]
    if "://" in path:
        path = "/" + path.partition("://")[2].partition("/")[2]
    return " ".join(part for part in (method, path) if part)


def _reply(error: errors.ProtocolError | errors.OutcomeUnknownError | errors.TransportError) -> list[str]:
    status: int | None = getattr(error, "status", None)
    body: str | None = getattr(error, "body_start", None)
    parts = [f"status {status}"] if status else []
    return parts + ([f"the body starts with {_body(body)}"] if body else [])


def _violation_parts(violations: Iterable[Mapping[str, Any]]) -> list[str]:
    parts = [": ".join(_short(str(v[k])) for k in ("path", "message") if v.get(k)) for v in violations]
    more = len(parts) - _MOST_VIOLATIONS
    return [*parts[:_MOST_VIOLATIONS], f"and {more} more"] if more > 0 else parts


def _tries(attempts: int, elapsed: float) -> list[str]:
    return [f"tried {_times(attempts)} in {_seconds(elapsed)}"] if attempts > 1 else []


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _seconds(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") + " s"


def _short(text: str, longest: int = _LONGEST_PART) -> str:
    text = " ".join(text.split())
    return text[: longest - 1] + "…" if len(text) > longest else text.rstrip(".")


def _body(text: str) -> str:
    return repr(_short(text, _LONGEST_BODY))
