"""`AsyncClient`: the methods of `Client` as coroutines.

Their signatures and docstrings are those of `Client`. Type checkers and editors read `aio.pyi`.
"""

from __future__ import annotations

from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any

from ._core import Client, WithWarnings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator

    from ._core import Pages, Pending


_Client: Any = Client  # with private arguments that its stub does not have


async def _result(pending: Pending) -> Any:
    """Await a call of the core. Cancelling ends the call and its request."""
    progress = pending.progress
    try:
        result = await pending.future
        if progress is not None:
            await progress.finish()
    except BaseException:
        pending.cancel()
        pending.warn()
        if progress is not None:
            progress.cancel()
        raise
    if type(result) is WithWarnings:
        return result.unwrap()
    return result


async def _each(pages: Pages[Any]) -> AsyncIterator[Any]:
    while (page := await _result(pages.next_page())) is not None:
        for entry in page:
            yield entry


class _Creates:
    """The results of `create_many`: in batches from the core, one by one to the caller."""

    def __init__(self, core: Any) -> None:
        self._core = core
        self._batch: Iterator[Any] = iter(())

    @property
    def in_flight(self) -> list[Any]:
        return self._core.in_flight  # type: ignore[no-any-return]

    def __aiter__(self) -> _Creates:
        return self

    async def __anext__(self) -> Any:
        while True:
            for result in self._batch:
                return result
            batch = self._core.take()
            if batch is None:
                raise StopAsyncIteration
            self._batch = iter(batch)
            if not batch:
                try:
                    await _result(self._core.wait())
                except BaseException:
                    self._core.close()
                    raise

    async def close(self) -> None:
        self._batch = iter(())
        self._core.close()

    async def __aenter__(self) -> _Creates:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()


class AsyncClient:
    """A client of the MongoDB Atlas Administration API for asyncio.

    Takes what :class:`Client` takes and has the same methods with the same arguments; each is a coroutine, lists are
    asynchronous iterators. Cancelling a call cancels its request; a `progress` callable may be a coroutine function.
    One client serves many event loops and threads.

    ::

        async with AsyncClient() as client:
            cluster = await client.create_flex_cluster(group_id, name="orders", provider_settings={...}, wait=True)
            async for cluster in client.list_flex_clusters(group_id):
                print(cluster["name"], cluster["stateName"])
    """

    _core: Any

    def __init__(self, **options: Any) -> None:
        try:
            self._core = _Client(**options, _asynchronous=True)
        finally:
            options.clear()  # so that a traceback shows no secret of this frame

    @classmethod
    def from_env(cls, **options: Any) -> Any:
        try:
            return cls(_sources="environment", **options)
        finally:
            options.clear()

    @classmethod
    def from_profile(cls, name: str, **options: Any) -> Any:
        try:
            if not isinstance(name, str):
                raise TypeError(f"name must be text, not {type(name).__name__}")
            return cls(profile=name, _sources="profile", **options)
        finally:
            options.clear()

    @property
    def with_raw_response(self) -> Any:
        raw = object.__new__(type(self))
        raw._core = self._core.with_raw_response
        return raw

    async def __aenter__(self) -> Any:
        return self

    async def __aexit__(self, _type: Any, _value: Any, _traceback: Any) -> None:
        await _result(self._core.close())

    def __reduce__(self) -> Any:
        return self._core.__reduce__()  # raises: it holds secrets and connections

    def __repr__(self) -> str:
        core = self.__dict__.get("_core")  # missing if the constructor failed: a traceback may still show this
        return "<AsyncClient>" if core is None else repr(core).replace("<Client", "<AsyncClient", 1)


def _coroutine(method: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def coroutine(self: AsyncClient, *args: Any, **options: Any) -> Any:
        return await _result(method(self._core, *args, **options))

    return coroutine


def _list(method: Callable[..., Any]) -> Callable[..., AsyncIterator[Any]]:
    def iterator(self: AsyncClient, *args: Any, **options: Any) -> AsyncIterator[Any]:
        return _each(method(self._core, *args, **options))

    return iterator


def _many(method: Callable[..., Any]) -> Callable[..., _Creates]:
    def creates(self: AsyncClient, *args: Any, **options: Any) -> _Creates:
        return _Creates(method(self._core, *args, **options))

    return creates


def _property(getter: Any) -> property:
    return property(lambda self: getter.__get__(self._core), doc=getter.__doc__)


def _take_over() -> None:
    """Give `AsyncClient` every public method and property of `Client`, with its name, signature and docstring."""
    for name, own in vars(_Client).items():
        if name.startswith("_") or name in vars(AsyncClient):
            continue
        if not callable(own):
            setattr(AsyncClient, name, _property(own))
            continue
        wrap = _many if name == "create_many" else _list if name.startswith("list_") else _coroutine
        taken: Any = wrap(own)
        taken.__name__, taken.__qualname__, taken.__doc__ = name, f"AsyncClient.{name}", own.__doc__
        taken.__wrapped__ = own  # where `inspect.signature` looks
        setattr(AsyncClient, name, taken)
    AsyncClient.with_raw_response.__doc__ = _Client.with_raw_response.__doc__
    for name in ("from_env", "from_profile"):
        vars(AsyncClient)[name].__func__.__doc__ = getattr(_Client, name).__doc__
    made = signature(_Client)
    itself = Parameter("self", Parameter.POSITIONAL_OR_KEYWORD)
    made = made.replace(parameters=[itself, *made.parameters.values()], return_annotation=None)
    AsyncClient.__init__.__signature__ = made  # type: ignore[attr-defined]


_take_over()
