"""`AsyncClient`: the methods of `Client` as coroutines.

Their signatures and docstrings are those of `Client`. Type checkers and editors read `aio.pyi`.
"""

from __future__ import annotations

from asyncio import get_running_loop
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any

from ._core import Client, WithWarnings
from ._runtime.event_loops import frames

if TYPE_CHECKING:
    from asyncio import TimerHandle
    from collections.abc import Callable, Coroutine, Generator, Iterator

    from ._core import Pages, Pending


#: Seconds.
_WAKE_UP = 0.5
#: What it takes to wait for results.
_ensure_frames = frames(12)
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


async def _awake(pending: Pending) -> Any:
    """The same for a call that may take minutes. Twice a second it wakes the loop, which else would sleep until the
    next poll after a signal handler has cancelled the call, as Jupyter's does when a cell is interrupted."""
    loop = get_running_loop()
    timer: TimerHandle

    def wake() -> None:
        nonlocal timer
        timer = loop.call_later(_WAKE_UP, wake)

    timer = loop.call_later(_WAKE_UP, wake)
    try:
        return await _result(pending)
    finally:
        timer.cancel()


class AsyncPages:
    """What a list returns: ``async for`` takes its entries one by one, ``await`` gives those that are left."""

    def __init__(self, pages: Pages[Any]) -> None:
        self._pages = pages
        self._page: list[Any] = []  # the last entry is the next one
        self._taken = 0
        self._ended = False

    def __aiter__(self) -> AsyncPages:
        return self

    async def __anext__(self) -> Any:
        while not self._page:
            if not await self._read():
                raise StopAsyncIteration
        self._taken += 1
        return self._page.pop()

    def __await__(self) -> Generator[Any, None, Any]:
        return self._all().__await__()

    async def aclose(self) -> None:
        """Ask for no further page."""
        self._ended, self._page = True, []

    async def _read(self) -> bool:
        if self._ended:
            return False
        page = await _result(self._pages.next_page())
        if page is None:
            self._ended = True
            return False
        # Another task may have read a page meanwhile, of which there is a rest.
        self._page = page[::-1] + self._page
        return True

    async def _all(self) -> Any:
        from ._runtime.pages import Entries

        entries = Entries()
        while self._page or await self._read():
            entries += self._page[::-1]
            self._page = []
        self._taken += len(entries)
        return entries

    def __repr__(self) -> str:
        from ._runtime.pages import asynchronous

        return asynchronous(self._page[::-1], self._taken, self._ended)


class _Creates:
    """The results of `create_many` and its like: in batches from the core, one by one to the caller."""

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
            _ensure_frames()
            batch = self._core.take()
            if batch is None:
                raise StopAsyncIteration
            self._batch = iter(batch)
            if not batch:
                try:
                    await _awake(self._core.wait())
                except BaseException:
                    self._core.close()
                    raise

    def __repr__(self) -> str:
        return repr(self._core).replace("<Creates", "<AsyncCreates", 1)

    async def close(self) -> None:
        self._batch = iter(())
        self._core.close()

    async def __aenter__(self) -> _Creates:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()


class AsyncClient:
    """A client of the MongoDB Atlas Administration API for asyncio.

    Takes what :class:`Client` takes and has the same methods with the same arguments; each is a coroutine. A list is
    iterated with ``async for``, or awaited whole. Cancelling a call cancels its request; a `progress` callable may be a
    coroutine function.
    One client serves many event loops and threads.

    ::

        async with AsyncClient() as client:
            cluster = await client.create_flex_cluster(group_id, name="orders", provider_settings={...}, wait=True)
            async for cluster in client.list_flex_clusters(group_id):
                print(cluster["name"], cluster["stateName"])
            print(len(await client.list_flex_clusters(group_id)))
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
    waits = method.__name__.startswith("wait_for_")

    async def coroutine(self: AsyncClient, *args: Any, **options: Any) -> Any:
        pending = method(self._core, *args, **options)
        return await (_awake(pending) if waits or options.get("wait") else _result(pending))

    return coroutine


def _list(method: Callable[..., Any]) -> Callable[..., AsyncPages]:
    def pages(self: AsyncClient, *args: Any, **options: Any) -> AsyncPages:
        return AsyncPages(method(self._core, *args, **options))

    return pages


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
        wrap = _many if name.endswith("_many") else _list if name.startswith("list_") else _coroutine
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
