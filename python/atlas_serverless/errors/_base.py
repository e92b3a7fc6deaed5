"""The base of all exceptions, and every kind that is not an answer of the service.

The base keeps facts as attributes, makes one sentence of them, and pickles without losing any. Few files, since each
costs an import a tenth of a millisecond.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class AtlasError(Exception):
    """Base of every exception that atlas-serverless raises. `hint` says what to do about it, where that is known.

    Every class takes a message (without one, a sentence is made from the attributes) and its attributes as keywords.
    """

    hint: str | None = None

    def __init__(self, message: str | None = None, /, **facts: Any) -> None:
        known = {name for cls in type(self).__mro__ for name in getattr(cls, "__annotations__", ())}
        for name, value in facts.items():
            if name not in known:
                raise TypeError(f"{type(self).__name__}() got an unexpected keyword argument {name!r}")
            if value is not None:  # None: the default of the class
                self.__dict__[name] = value
        # No super().__init__(): it can be OSError's, which makes something else of the arguments.
        self.args = (self._sentence() if message is None else message,)

    def _sentence(self, opening: str | None = None) -> str:
        """What `str()` says, made from the attributes; `opening`, a sentence that has them already, replaces them."""
        from . import _text

        if opening:
            head, parts = _text.short(opening, _text.LONGEST_OPENING), self._after_opening()
        else:
            head, parts = self._parts()
        return _text.join(head, [*parts, _text.short(self.hint)] if self.hint else parts)

    def _parts(self) -> tuple[str, list[str]]:
        """The attributes as clauses: the first, with which the sentence begins, and the others."""
        return "the call failed", []

    def _after_opening(self) -> list[str]:
        """The clauses that follow an opening."""
        return []

    def __str__(self) -> str:  # OSError has one of its own
        return str(self.args[0]) if self.args else ""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, dict(self.__dict__))


def _rebuild(cls: type[AtlasError], args: tuple[Any, ...], facts: dict[str, Any]) -> AtlasError:
    """What pickle and copy call: no constructor runs, so that every attribute comes back as it was."""
    error = cls.__new__(cls, *args)
    error.args = args  # OSError.__new__ leaves them to its __init__
    error.__dict__.update(facts)
    return error


class ConfigurationError(AtlasError):
    """Credentials, base URL or options cannot be used: none, two at once, half a pair, malformed. Nothing was sent.

    The message names what was looked at and what was found, never a secret.
    """

    def _parts(self) -> tuple[str, list[str]]:
        return "the configuration cannot be used", []


class AuthenticationError(AtlasError):
    """No access: the token endpoint refused the service account, or the challenge for an API key cannot be answered.

    `error` and `error_description` are OAuth's (``"invalid_client"``), `status` the HTTP status, each None if there was
    none; `attempts` counts requests to the token endpoint, `elapsed` is seconds. `hint` names the credential's source.
    """

    error: str | None = None
    error_description: str | None = None
    status: int | None = None
    attempts: int = 1
    elapsed: float = 0.0

    def _parts(self) -> tuple[str, list[str]]:
        from . import _text

        said = " ".join(str(part) for part in (self.status, self.error) if part)
        head = "access was refused" + (f" with {said}" if said else "")
        if self.error_description:
            head += f": {_text.short(self.error_description)}"
        return head, _text.tries(self.attempts, self.elapsed)

    def _after_opening(self) -> list[str]:
        from . import _text

        return _text.tries(self.attempts, self.elapsed)


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

    def _parts(self) -> tuple[str, list[str]]:
        from . import _text

        parts = _text.violation_parts(self.violations)
        if not parts:
            return "the request breaks rules of the API", []
        if len(parts) == 1:
            return parts[0], []
        return _text.violation_lines(self.violations), []

    def _repr_html_(self) -> str:
        from atlas_serverless._runtime.html import validation_error

        return validation_error(self)


class TransportError(AtlasError):
    """No usable reply: the connection broke after the request was sent, or one of the classes below.

    `cause` says what happened, `attempts` counts the requests made, `elapsed` is seconds since the call began, `method`
    and `url` name the last request. What is safe to repeat was repeated within `max_retries` and `max_retry_time`:
    check the network, or call again later.
    """

    cause: str | None = None
    attempts: int = 1
    elapsed: float = 0.0
    method: str | None = None
    url: str | None = None

    def __init__(self, message: str | None = None, /, **facts: Any) -> None:
        from ._text import clean_url

        super().__init__(message, **{**facts, "url": clean_url(facts.get("url"))})

    _without_cause = "got no usable reply"

    def _parts(self) -> tuple[str, list[str]]:
        from . import _text

        request = _text.request(self.method, self.url) or "the request"
        head = f"{request}: {_text.short(self.cause)}" if self.cause else f"{request} {self._without_cause}"
        return head, [*self._server(head), *_text.tries(self.attempts, self.elapsed)]

    def _server(self, said: str) -> list[str]:
        """Host and port, unless the sentence has them already."""
        from . import _text

        server = _text.server(self.url)
        return [f"the server is {server}"] if server and server not in said else []


class ConnectError(TransportError, ConnectionError):
    """No connection: refused, unknown host, a failure of TLS or of the proxy. Nothing of the request was sent."""

    _without_cause = "could not connect"


class RequestTimeoutError(TransportError, TimeoutError):
    """No reply in time: `timeout` and `connect_timeout` are seconds for one attempt. Reads were retried."""

    _without_cause = "got no reply in time"


class ProtocolError(TransportError):
    """A reply that cannot be what the API sends: HTML, cut short, of the wrong type. Often a proxy or a wrong base URL.

    `status` is its HTTP status, `body_start` the first characters of its body, where there were any.
    """

    status: int | None = None
    body_start: str | None = None

    _without_cause = "got a reply that the API does not send"

    def _parts(self) -> tuple[str, list[str]]:
        from . import _text

        head, parts = super()._parts()
        return head, _text.reply(self.status, self.body_start) + parts


class OutcomeUnknownError(TransportError):
    """A create or an upgrade may or may not have happened: its reply was lost, and the look-up by name failed as well.

    Look for `name` in the project `group_id` before you call `operation` again. With ``if_exists="return"`` calling a
    create again is safe: it returns the instance that matches the request, or creates it.
    """

    operation: str | None = None
    name: str | None = None
    group_id: str | None = None
    status: int | None = None
    body_start: str | None = None

    def _parts(self) -> tuple[str, list[str]]:
        from . import _text

        name = f" {self.name!r}" if self.name else ""
        group = f" in project {self.group_id}" if self.group_id else ""
        head = f"{self.operation or 'the create'}{name}{group} may or may not have been carried out"
        if self.cause:
            head += f": {_text.short(self.cause)}"
        what = f"look for{name}" if name else "look for it"
        if self.operation is None or self.operation.startswith("create"):
            advice = f'{what} before you create it again, or call again with if_exists="return"'
        else:
            advice = f"{what} before you call again"
        tries = _text.tries(self.attempts, self.elapsed)
        return head, [*_text.reply(self.status, self.body_start), *self._server(head), *tries, advice]


class WaitError(AtlasError):
    """Waiting ended without the wanted state. Atlas goes on with what was requested.

    `last_state` is the last state seen (None if none was), `polls` the number of polls, `elapsed` seconds since the
    wait began, `last_error` the last failure of a poll, as a sentence. After ``wait=True`` on a create, an update or a
    deletion, `result` is what that call would have returned without it: the request was carried out. None after
    `wait_for_…`. `deleted` is True if what was created was deleted again (``on_timeout="delete"``).
    """

    last_state: str | None = None
    polls: int = 0
    elapsed: float = 0.0
    last_error: str | None = None
    result: Any = None
    deleted: bool = False

    _ended = "and cannot be any more"

    def _parts(self) -> tuple[str, list[str]]:
        from . import _text

        parts = [f"last state {self.last_state}" if self.last_state else "no state was seen"]
        parts.append(f"polled {_text.times(self.polls)} in {_text.seconds(self.elapsed)}")
        if self.last_error:
            parts.append(f"last error: {_text.short(self.last_error)}")
        return f"the wanted state was not reached {self._ended}", parts


class WaitTimeoutError(WaitError, TimeoutError):
    """The deadline passed (`timeout`, in seconds). Wait again, or with a longer one: nothing was undone."""

    _ended = "in time"


class WaitFailedError(WaitError):
    """The wanted state cannot be reached any more: the resource is gone, or is being deleted.

    After ``wait=True`` also where a poll failed for good, such as with 403: `__cause__` is that error.
    """
