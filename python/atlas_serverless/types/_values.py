"""What the client returns beside dicts: :class:`Headers`, :class:`Response`, :class:`Poll`, :class:`FlexConversion`.

Nothing here imports `typing` at run time, so that `import atlas_serverless` stays quick. The public names are in
`atlas_serverless.types`.
"""

from __future__ import annotations

from _collections_abc import Mapping  # what collections.abc re-exports, without importing the package collections

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from typing import Any, Generic, TypeVar

    from ._specs import ChangedField, FlexClusterSpec, Kind, LostField

    T_co = TypeVar("T_co", covariant=True)
else:
    T_co = None

    class Generic:  # typing's, as far as a class statement and Response[...] need it
        __slots__ = ()

        def __class_getitem__(cls, item):
            return cls


_CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})


class Headers(Mapping[str, str]):
    """Reply headers: a read-only mapping whose names ignore case.

    A header that occurs more than once is one string joined with ``", "``; :meth:`pairs` has each as it came. Headers
    with credentials (``Set-Cookie``, ``Authorization``) are ``"******"``.
    """

    __slots__ = ("_pairs",)
    _pairs: tuple[tuple[str, str], ...]

    def __init__(self, pairs: Iterable[tuple[str, str]] | Mapping[str, str] = ()) -> None:
        given: Any = pairs.items() if isinstance(pairs, Mapping) else pairs
        self._pairs = tuple((name, "******" if name.lower() in _CREDENTIALS else value) for name, value in given)

    def __getitem__(self, name: str) -> str:
        wanted = name.lower()
        found = [value for key, value in self._pairs if key.lower() == wanted]
        if not found:
            raise KeyError(name)
        return ", ".join(found)

    def __iter__(self) -> Iterator[str]:
        return iter({key.lower(): None for key, _ in self._pairs})

    def __len__(self) -> int:
        return len({key.lower() for key, _ in self._pairs})

    def __reduce__(self) -> tuple[type[Headers], tuple[tuple[tuple[str, str], ...]]]:
        return Headers, (self._pairs,)

    def __repr__(self) -> str:
        return f"Headers({dict(self)!r})"

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Every header as it came, in the server's order."""
        return self._pairs


class Response(Generic[T_co]):
    """What the methods of `client.with_raw_response` return.

    ============= ====================================================================================================
    `data`        what the plain method returns
    `status`      HTTP status of the last reply, such as 201
    `headers`     its headers, a mapping whose names ignore case
    `attempts`    requests sent for this call, without those for a token or a challenge
    `reconciled`  True if the reply to a create was lost and the instance was found by name
    `elapsed`     seconds since the call began
    `deprecation` when the endpoint was declared deprecated (header `Deprecation`), a datetime in UTC, or None
    `sunset`      when it ends (header `Sunset`), a datetime in UTC, or None
    ============= ====================================================================================================
    """

    def __init__(
        self,
        data: T_co,
        *,
        status: int,
        headers: Iterable[tuple[str, str]] | Mapping[str, str] = (),
        attempts: int = 1,
        reconciled: bool = False,
        elapsed: float = 0.0,
        deprecation: datetime | None = None,
        sunset: datetime | None = None,
    ) -> None:
        self.data = data
        self.status = status
        self.headers = headers if isinstance(headers, Headers) else Headers(headers)
        self.attempts = attempts
        self.reconciled = reconciled
        self.elapsed = elapsed
        self.deprecation = deprecation
        self.sunset = sunset

    def __repr__(self) -> str:
        return f"<Response {self.status} {_held(self.data)}, attempts={self.attempts}, elapsed={self.elapsed:.3f} s>"

    def _repr_html_(self) -> str:
        from atlas_serverless._runtime.html import response

        return response(self)


def _held(data: Any) -> str:
    """What a reply holds, in a few words: `orders CREATING`, `with 3 results of 12`."""
    if isinstance(data, dict) and isinstance(data.get("content"), dict) and "status" in data:
        data = data["content"]  # of an envelope
    if isinstance(data, dict) and isinstance(data.get("results"), list):
        total = f" of {data['totalCount']}" if "totalCount" in data else ""
        return f"with {len(data['results'])} results{total}"
    if isinstance(data, dict) and isinstance(data.get("name"), str):
        return f"{data['name']} {data.get('stateName', '')}".rstrip()
    if data is None or data == {}:
        return "without content"
    return f"with {len(data)} fields" if isinstance(data, dict) else f"with a {type(data).__name__}"


class Poll:
    """What a `progress` callable gets after each poll of a wait.

    ============ =====================================================================================================
    `state`      the state seen, such as ``"CREATING"``; ``"DELETED"`` where that was waited for and it is gone; None
                 if the poll failed or found nothing
    `elapsed`    seconds since the wait began
    `polls`      polls made, this one included
    `name`       the resource's name
    `kind`       ``"serverless"`` or ``"flex"``
    `last_error` the failure of this poll, after which the wait goes on, as a sentence; else None
    `wanted`     the state waited for; ``"DELETED"`` for its absence
    `done`       True for the last call; at a timeout that repeats the last poll
    ============ =====================================================================================================
    """

    def __init__(
        self,
        *,
        state: str | None,
        elapsed: float,
        polls: int,
        name: str,
        kind: Kind,
        last_error: str | None = None,
        wanted: str = "IDLE",
        done: bool = False,
    ) -> None:
        self.state = state
        self.elapsed = elapsed
        self.polls = polls
        self.name = name
        self.kind = kind
        self.last_error = last_error
        self.wanted = wanted
        self.done = done

    def __repr__(self) -> str:
        return f"<Poll {self.polls}: {self.kind} {self.name!r} is {self.state} after {self.elapsed:.1f} s>"


class FlexConversion:
    """What :func:`atlas_serverless.to_flex_spec` returns.

    `spec` is a dict for `create_flex_cluster` (``client.create_flex_cluster(group_id, **conversion.spec)``), `lost` the
    fields that Flex does not have, each ``{"field", "value", "why"}``, `changed` the fields that are different for
    Flex, each ``{"field", "from", "to", "why"}``.
    """

    def __init__(
        self, spec: FlexClusterSpec, *, lost: Iterable[LostField] = (), changed: Iterable[ChangedField] = ()
    ) -> None:
        self.spec = spec
        self.lost = list(lost)
        self.changed = list(changed)

    def __repr__(self) -> str:
        return f"FlexConversion(spec={self.spec!r}, lost={self.lost!r}, changed={self.changed!r})"

    def _repr_html_(self) -> str:
        from atlas_serverless._runtime.html import conversion

        return conversion(self)


class ManyProgress:
    """What a `progress` callable of `create_many`, `update_many` and `delete_many` gets.

    =========== ======================================================================================================
    `succeeded` how many operations of this call have succeeded
    `failed`    how many have failed; `failures` counts them by error code, or by class where there is no code
    `skipped`   how many had succeeded before, by the journal
    `ended`     all of these
    `in_flight` how many are under way
    `total`     how many there are, if the iterable has a length; else None
    `elapsed`   seconds since the call
    `rate`      operations per second that this call has ended
    `remaining` seconds until the end at this rate; None if that is not known
    `finished`  True for the last call
    =========== ======================================================================================================
    """

    def __init__(
        self,
        *,
        succeeded: int,
        failures: dict[str, int],
        skipped: int,
        in_flight: int,
        total: int | None,
        elapsed: float,
        finished: bool,
    ) -> None:
        self.succeeded = succeeded
        self.failures = failures
        self.skipped = skipped
        self.in_flight = in_flight
        self.total = total
        self.elapsed = elapsed
        self.finished = finished

    @property
    def failed(self) -> int:
        return sum(self.failures.values())

    @property
    def ended(self) -> int:
        return self.succeeded + self.failed + self.skipped

    @property
    def rate(self) -> float:
        return (self.succeeded + self.failed) / self.elapsed if self.elapsed else 0.0

    @property
    def remaining(self) -> float | None:
        if self.total is None or not self.rate:
            return None
        return max(0, self.total - self.ended) / self.rate

    def __repr__(self) -> str:
        total = "" if self.total is None else f" of {self.total}"
        return f"<ManyProgress {self.ended}{total}, {self.failed} failed, {self.rate:.1f}/s>"
