"""Parts of the sentences of exceptions, and the removal of secrets from them.

Loaded with the first exception, so that an import of the classes does not wait for `re`.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

_LONGEST_PART = 300  # characters of a detail or cause
LONGEST_OPENING = 4000  # characters of a sentence that the core gives
_LONGEST_BODY = 120  # characters of a body that is not the API's
_MOST_VIOLATIONS = 20
_DEEPEST_VALUE = 8

_SECRET = re.compile(
    r"mdb_sa_sk_[^\s\"'(),;:<>]+|\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]+)?|(?<=\bBearer )[\w.~+/=-]{16,}|(?<=\bBasic )[\w+/=]{16,}|(?<=://)(?!user:password@)[^/\s@]+@"
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
    """Violations as dicts of path, message, value and rule, also where the API gave field and description."""
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
    """The value if it is JSON, else a short text: an exception must be picklable whatever it was given."""
    if value is None or type(value) in (str, int, float, bool):
        return value
    if type(value) is dict and depth < _DEEPEST_VALUE:
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if type(value) in (list, tuple) and depth < _DEEPEST_VALUE:
        return [_plain(item, depth + 1) for item in value]
    return f"<{type(value).__name__}>"


def join(head: str, parts: Iterable[str]) -> str:
    """The sentence: its clauses, without secrets."""
    separator = "\n" if "\n" in head else "; "  # a list of lines, or one sentence
    return without_secrets(separator.join([head, *parts]))


def request(method: str | None, url: str | None) -> str:
    """``POST /api/atlas/v2/groups/…/serverless``: neither host nor query."""
    path = (url or "").partition("?")[0]
    if "://" in path:
        path = "/" + path.partition("://")[2].partition("/")[2]
    return " ".join(part for part in (method, path) if part)


def reply(status: int | None, body_start: str | None) -> list[str]:
    """What came instead of a reply of the API."""
    parts = [f"status {status}"] if status else []
    return parts + ([f"the body starts with {body(body_start)}"] if body_start else [])


def violation_parts(violations: Iterable[Mapping[str, Any]]) -> list[str]:
    """Path and message of each violation, up to a number."""
    parts = [": ".join(short(str(v[k])) for k in ("path", "message") if v.get(k)) for v in violations]
    more = len(parts) - _MOST_VIOLATIONS
    return [*parts[:_MOST_VIOLATIONS], f"and {more} more"] if more > 0 else parts


def violation_lines(violations: Sequence[Mapping[str, Any]]) -> str:
    """A heading, and each violation on a line of its own."""
    return lines(len(violations), violation_parts(violations))


def lines(count: int, parts: Iterable[str]) -> str:
    """The same of parts that are text already."""
    return f"the request breaks {count} rules:" + "".join(f"\n  {part}" for part in parts)


def server(url: str | None) -> str | None:
    """``cloud.mongodb.com:443``: host and port of a URL."""
    scheme, found, rest = (url or "").partition("://")
    host = rest.partition("/")[0].partition("?")[0].rpartition("@")[2]
    if not found or not host:
        return None
    has_port = ":" in host.rpartition("]")[2]
    return host if has_port else f"{host}:{80 if scheme == 'http' else 443}"


def tries(attempts: int, elapsed: float) -> list[str]:
    """``tried 3 times in 4.5 s``; nothing for a single attempt."""
    return [f"tried {times(attempts)} in {seconds(elapsed)}"] if attempts > 1 else []


def times(count: int) -> str:
    """``once``, ``3 times``."""
    return "once" if count == 1 else f"{count} times"


def seconds(value: float) -> str:
    """``4.5 s``."""
    return f"{value:.1f}".removesuffix(".0") + " s"


def short(text: str, longest: int = _LONGEST_PART) -> str:
    """The text in one line, cut where it is long, without a full stop."""
    text = " ".join(text.split())
    return text[: longest - 1] + "…" if len(text) > longest else text.rstrip(".")


def body(text: str) -> str:
    """The start of a body that is not the API's, in quotes."""
    return repr(short(text, _LONGEST_BODY))
