"""What `create_many` and its like return, for type checkers. The public names are in `atlas_serverless.types`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from typing_extensions import Self


class CreateResult(Protocol):
    """How one operation of `create_many`, `update_many` or `delete_many` ended."""

    @property
    def index(self) -> int:
        """Its place in the operations, from 0."""
        ...

    @property
    def operation(self) -> Mapping[str, Any]:
        """The operation as it was given."""
        ...

    @property
    def value(self) -> Any:
        """What the operation returned; None after a failure and a deletion."""
        ...

    @property
    def error(self) -> Exception | None:
        """What the operation raised; None after a success."""
        ...


class Creates(Protocol):
    """The results of `create_many` and its like in the order of completion: an iterator and a context manager."""

    @property
    def in_flight(self) -> list[Mapping[str, Any]]:
        """The operations that are under way; after `close()`, those that were stopped: what they create may exist."""
        ...

    def __iter__(self) -> Self: ...
    def __next__(self) -> CreateResult: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _traceback: TracebackType | None
    ) -> None: ...
    def close(self) -> None:
        """Stop what is under way and take no further operation. Closing twice is fine."""


class AsyncCreates(Protocol):
    """The results of an asynchronous client's `create_many` in the order of completion."""

    @property
    def in_flight(self) -> list[Mapping[str, Any]]:
        """The operations that are under way; after `close()`, those that were stopped: what they create may exist."""
        ...

    def __aiter__(self) -> Self: ...
    async def __anext__(self) -> CreateResult: ...
    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _traceback: TracebackType | None
    ) -> None: ...
    async def close(self) -> None:
        """Stop what is under way and take no further operation. Closing twice is fine."""
