"""The emulator's clock and its faults; the public names are in `atlas_serverless.emulator`."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from ._arguments import whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Unpack

    from ._faults import FaultKind, FaultOrder

    Control = Callable[..., Any]  # method, path and body of an order to its answer, as `Emulator.control`


class Clock:
    """The emulator's own time (`emulator.clock`): states, tokens, nonces, rate limits and the Date header follow it."""

    def __init__(self, control: Control) -> None:
        self._control = control

    @property
    def now(self) -> datetime:
        """The present time, in UTC."""
        seconds = self._control("GET", "clock")["unix_seconds"]
        return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)

    def advance(self, seconds: float) -> None:
        """Moves the time forward."""
        self._control("POST", "clock", {"advance_seconds": seconds})

    def set(self, to: datetime | float | str) -> None:
        """Moves the time to a datetime, to Unix seconds or to an ISO time in UTC, forward or back."""
        self._control("POST", "clock", {"set": iso(to) if isinstance(to, datetime) else to})

    def freeze(self) -> None:
        """Time stands still until it is moved."""
        self._control("POST", "clock", {"manual": True})

    def resume(self) -> None:
        """Time goes on from where it stands."""
        self._control("POST", "clock", {"manual": False})


class Faults:
    """Faults on order (`emulator.faults`)."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def order(self, kind: FaultKind = "status", **order: Unpack[FaultOrder]) -> int:
        """Orders a fault for the next request that matches, and returns its number.

        Kinds: ``status`` (with `status`, `error_code`, `detail`), ``html``, ``rate_limited``, ``unauthorized``,
        ``not_found`` answer in the place of the original reply; ``ignore`` gives the original reply and stores nothing;
        ``delay`` (with `seconds`) and ``stall`` make it late or leave it out; ``close`` and ``reset`` end the
        connection; ``half_body``, ``empty_body``, ``wrong_type`` change the original reply; ``last_reply`` ends the
        connection after it; ``stale_nonce`` and ``expire_tokens`` make the credentials invalid; ``close_on_accept`` and
        ``reset_on_accept`` end the next connections before a byte is read.

        Args:
            kind: What happens.
            order: Which requests: `method`, `path` and `name` (with ``*`` and ``?``), `endpoint` (``token``,
                ``revoke``, ``serverless``, ``flex``, ``groups``, …, ``api`` for all but the token endpoint),
                `operation` (its id, such as ``createGroupFlexCluster`` or ``createFlexCluster``), `authorization`
                (``bearer``, ``digest``, ``basic``, ``none``, ``any``; unless given, the first round trip of a digest
                exchange does not match), `skip` so many first, `times` (1; None: always). How: `after_store` (whether
                the request is carried out before the fault), `status`, `error_code`, `detail`, `retry_after`, `headers`
                (None removes one), `body`, `content_type`, `seconds`, `reset` (for ``half_body``), `then` (faults to
                order when this one is used up).

        Raises:
            ValueError: A key, kind, operation, endpoint, method or authorization is misspelt; the text suggests one.
        """
        return int(self._control("POST", "faults", {"kind": kind, **order})["id"])

    def standing(self) -> list[dict[str, Any]]:
        """The orders that still stand."""
        return list(self._control("GET", "faults"))

    def unmet(self) -> list[dict[str, Any]]:
        """The orders that no request has met so far."""
        return [fault for fault in self.standing() if not fault["applied"]]

    def cancel(self, number: int) -> None:
        """Takes an order back."""
        self._control("DELETE", f"faults/{whole('number', number)}")

    def clear(self) -> None:
        """Takes all orders back."""
        self._control("DELETE", "faults")


def iso(time: datetime) -> str:
    """In UTC, as the control API takes it."""
    if time.tzinfo is None:
        raise ValueError("give a datetime with a time zone, such as datetime.now(timezone.utc)")
    try:
        in_utc = time.astimezone(timezone.utc)
    except OverflowError:
        raise ValueError(f"{time.isoformat()} is not within the years 1 to 9999 of UTC") from None
    return in_utc.isoformat().replace("+00:00", "Z")
