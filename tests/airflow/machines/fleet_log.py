"""Whether `Retry-After` was obeyed, by the emulator's log of requests."""

from datetime import datetime, timedelta

FLEX = "flex"


def came_back_too_soon(lives, refill_seconds):
    """Requests that were sent again before their project had any left: each 429 says in `Retry-After` when that is.

    A project's requests are refilled in steps, counted from the first of them since the emulator started.
    """
    early = []
    step = timedelta(seconds=refill_seconds)
    for life in lives:
        first, may_return = {}, {}
        for request in sorted((r for r in life if r["endpoint"] == FLEX), key=lambda request: request["id"]):
            at = datetime.fromisoformat(request["at"].replace("Z", "+00:00"))
            if request["status"] != 401:  # refused before it is counted
                first.setdefault(request["group_id"], at)
            who = (request["group_id"], request["name"], request["operation"])
            if at < may_return.pop(who, at):
                early.append(request)
            if request["status"] == 429:
                begin = first[request["group_id"]]
                may_return[who] = begin + step * ((at - begin) // step + 1)
    return early
