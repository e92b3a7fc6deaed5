"""What tests say of an emulator: the faults that no request has met, and what it was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atlas_serverless.emulator import Emulator

#: So many requests are shown.
SHOWN = 30
_TARGETS = ("method", "endpoint", "operation", "path", "name", "authorization")


class UnmetFaultsError(AssertionError):
    """Faults were ordered that no request has met: the test has not tested what it says."""


def check_faults(emulator: Emulator) -> None:
    """Raise if a fault stands that no request has met."""
    unmet = emulator.faults.unmet()
    if unmet:
        faults = "".join(f"\n  {_fault(fault)}" for fault in unmet)
        raise UnmetFaultsError(
            f"no request has met {'this fault' if len(unmet) == 1 else 'these faults'} that the test ordered:{faults}\n"
            f'(unmet_faults="allow" permits it)\nThe emulator was asked:\n{requests_text(emulator)}'
        )


def requests_text(emulator: Emulator) -> str:
    """The last requests, one in a line, oldest first."""
    requests = emulator.requests
    lines = [_request(request) for request in requests[-SHOWN:]]
    if len(requests) > SHOWN:
        lines.insert(0, f"  … {len(requests) - SHOWN} earlier ones")
    return "\n".join(lines) or "  nothing"


def _fault(fault: dict[str, Any]) -> str:
    targets = [f"{name}={fault[name]!r}" for name in _TARGETS if fault.get(name) is not None]
    if fault.get("skip"):
        targets.append(f"after {fault['skip']} more")
    return " ".join([str(fault["kind"]), *(targets or ["for any request"])])


def _request(request: dict[str, Any]) -> str:
    answer = str(request["status"]) if request["outcome"] == "answered" else request["outcome"]
    query = f"?{request['query']}" if request["query"] else ""
    why = [request["error_code"], request["refusal"]]
    if request["fault"]:
        why.append(f"fault {request['fault']['kind']}")
    said = f"  ({', '.join(part for part in why if part)})" if any(why) else ""
    return f"  {request['at'][11:23]} {answer:>8} {request['method']:<6} {request['path']}{query}{said}"
