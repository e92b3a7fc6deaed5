"""What a list of the API can do beside being iterated: indexes, slices, and how it shows itself."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SHOWN = 3


class Entries(list):  # type: ignore[type-arg]
    """Entities: a list, which notebooks show as a table."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        from .html import entries

        return entries(self)


def item(pages: Any, index: Any) -> Any:
    """`pages[3]` and `pages[:10]`: of the entries that come next, which are read as far as needed and not taken."""
    if isinstance(index, slice):
        bounds = (index.start or 0, index.stop if index.stop is not None else -1)
        ahead = all(isinstance(bound, int) and bound >= 0 for bound in bounds) and (index.step or 1) > 0
        return Entries(pages.peek(_count(bounds[1]) if ahead else None)[index])
    if not isinstance(index, int):
        raise TypeError(f"an index or a slice is an int or a slice, not {type(index).__name__}")
    ahead = pages.peek(_count(index + 1) if index >= 0 else None)
    try:
        return ahead[index]
    except IndexError:
        raise IndexError(f"there is no entry {index}: {len(ahead)} are left") from None


def _count(number: int) -> int:
    return min(number, 2**63 - 1)  # more than any list has


def text(pages: Any) -> str:
    """What was read so far, without a request."""
    taken, ready, ended = pages.progress
    return "<Pages" + words([_short(entry) for entry in pages.read(_SHOWN)], taken, ready, ended) + ">"


def asynchronous(ready: list[Any], taken: int, ended: bool) -> str:
    """The same for a list of an asynchronous client."""
    if not (taken or ready or ended):
        return "<AsyncPages: nothing read yet; async for … in it, await it for the list>"
    return "<AsyncPages" + words([_short(entry) for entry in ready[:_SHOWN]], taken, len(ready), ended) + ">"


def words(names: list[str], taken: int, ready: int, ended: bool) -> str:
    """The first names and how to go on."""
    if not (taken or ready or ended):
        return ": nothing read yet; for … in it, list(it), it[:10]"
    listed = ", ".join(names) + (", …" if ready > len(names) else "")
    parts = [f": {listed}"] if names else [":"]
    counts = [f"{count} {word}" for count, word in ((ready, "read"), (taken, "taken")) if count]
    parts.append(f"({', '.join([*counts, 'no more' if ended else 'more follow'])})")
    return " ".join(parts)


def _short(entry: Any) -> str:
    if not isinstance(entry, dict):
        return repr(entry)[:80]
    return " ".join(str(entry[key]) for key in ("name", "stateName") if key in entry)[:80] or "{…}"
