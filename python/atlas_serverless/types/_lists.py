"""What lists return, for type checkers. The public names are in `atlas_serverless.types`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Generator

    from typing_extensions import Self

T = TypeVar("T")


class Pages(Protocol[T]):
    """A list of the API: an iterator, whose pages are read as they are needed.

    `pages[3]` and `pages[:10]` are of the entries that come next; they are not taken by that. In a notebook it shows
    the first rows.
    """

    def __iter__(self) -> Self: ...
    def __next__(self) -> T: ...
    @overload
    def __getitem__(self, index: int, /) -> T: ...
    @overload
    def __getitem__(self, index: slice, /) -> list[T]: ...
    def peek(self, count: int | None = None) -> list[T]:
        """The entries that come next, without taking them: so many, or fewer at the end; all that are left for None."""
        ...


class AsyncPages(Protocol[T]):
    """A list of an asynchronous client: ``async for`` takes its entries one by one, ``await`` gives all as a list."""

    def __aiter__(self) -> Self: ...
    async def __anext__(self) -> T: ...
    def __await__(self) -> Generator[Any, None, list[T]]: ...
    async def aclose(self) -> None:
        """Ask for no further page."""
