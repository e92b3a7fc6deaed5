"""Between the core's thread and asyncio: the mailbox of each event loop, and progress callables on that loop."""

from __future__ import annotations

import os
from asyncio import AbstractEventLoop, Future, ensure_future, get_running_loop
from contextvars import Context
from inspect import isawaitable
from threading import RLock
from weakref import WeakKeyDictionary, ref

from atlas_serverless._core import Mailbox

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from atlas_serverless.types import Poll

# A mailbox refers to the futures of its calls, and they to their loop: only the loop keeps it.
_mailboxes: WeakKeyDictionary[AbstractEventLoop, Callable[[], Mailbox | None]] = WeakKeyDictionary()
_lock = RLock()  # reentrant: what is dropped while it is held may run code of the caller's
_last: tuple[ref[AbstractEventLoop], Callable[[], Mailbox | None]] | None = None


def frames(count: int) -> Callable[[], None]:
    """A function that takes so many frames: called before anything is sent, it raises RecursionError instead of what
    delivers a result later. Closures cost less than a recursion that counts."""

    def within(function: Callable[[], None]) -> Callable[[], None]:
        def call() -> None:
            function()

        return call

    function: Callable[[], None] = _nothing
    for _ in range(count):
        function = within(function)
    return function


def _nothing() -> None:
    pass


_ensure_frames = frames(4)
"""What asyncio calls of its own when a future ends."""


def loop_and_mailbox() -> tuple[AbstractEventLoop, Mailbox | None]:
    """The running loop and its mailbox; None for a loop that cannot watch a socket."""
    global _last
    _ensure_frames()
    try:
        loop = get_running_loop()
    except RuntimeError as error:
        raise RuntimeError(
            f"{error}: AsyncClient runs in asyncio, not in trio or without a loop; Client is for everything else"
        ) from None
    last = _last
    if last is not None and last[0]() is loop and (mailbox := last[1]()) is not None:
        return loop, mailbox
    with _lock:
        mailbox_of = _mailbox_of(loop)
    _last = (ref(loop), mailbox_of)
    return loop, mailbox_of()


def _mailbox_of(loop: AbstractEventLoop) -> Callable[[], Mailbox | None]:
    known = _mailboxes.get(loop)
    if known is not None and (known is _cannot_watch or known() is not None):
        return known
    _forget_closed()
    mailbox = _watch(loop)
    made = _mailboxes[loop] = _cannot_watch if mailbox is None else ref(mailbox)
    return made


def _cannot_watch() -> None:
    """In the place of a reference to the mailbox."""


def _watch(loop: AbstractEventLoop) -> Mailbox | None:
    mailbox = Mailbox()
    try:
        # In a context of its own: the loop keeps it for all calls to come, not for the first caller's alone.
        Context().run(loop.add_reader, mailbox.fileno(), mailbox.deliver)
    except NotImplementedError:  # Windows' Proactor
        return None
    return mailbox


def soon(context: Context, deliver: Callable[[], None]) -> None:
    """Let the running loop call this in a copy of the context of a call."""
    get_running_loop().call_soon(deliver, context=context.copy())


def on_loop(loop: AbstractEventLoop, context: Context, progress: Progress) -> Callable[[Poll], None]:
    """A progress callable for another thread: the loop calls it in a copy of the context of its call."""

    def call(poll: Poll) -> None:
        loop.call_soon_threadsafe(progress, poll, context=context.copy())

    def note(line: str) -> None:
        if not loop.is_closed():  # a call that was left behind may end after its loop
            loop.call_soon_threadsafe(progress._note, line, context=context.copy())

    made: Any = call
    made._note = note
    return call


def _forget_closed() -> None:
    """Drop closed loops: their calls can end no more, and would keep what they hold alive."""
    for loop in [loop for loop in _mailboxes if loop.is_closed()]:
        watching = _mailboxes.pop(loop, _cannot_watch)
        if (mailbox := watching()) is not None:
            mailbox.cancel_all()


def _in_child() -> None:
    """A forked child runs no loop of its parent's."""
    global _lock, _last
    _lock, _last = RLock(), None
    _mailboxes.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)


class Progress:
    """A progress callable, plain or a coroutine function, for calls that are awaited.

    What it raises is raised where `future` is awaited, and ends the call.
    """

    def __init__(self, call: Callable[[Poll], object], future: Future[Any]) -> None:
        self._call = call
        self._future = future
        self._tasks: set[Future[Any]] = set()

    def __call__(self, poll: Poll) -> None:
        if self._future.done():
            return
        try:
            returned = self._call(poll)
            if isawaitable(returned):
                task = ensure_future(returned)
                self._tasks.add(task)
                task.add_done_callback(self._ended)
        except BaseException as error:
            self._fail(error)

    def _note(self, line: str) -> None:
        note = getattr(self._call, "_note", None)  # only what `progress=True` shows has it
        if note is not None and not self._future.done():
            note(line)

    def _ended(self, task: Future[Any]) -> None:
        if task.cancelled() or (error := task.exception()) is None:
            self._tasks.discard(task)
        else:
            self._fail(error)  # kept: if the call's result was there first, `finish` raises it

    def _fail(self, error: BaseException) -> None:
        if self._future.done():
            return
        if isinstance(error, StopIteration):  # a future refuses it
            wrapped = RuntimeError("the progress callable raised StopIteration")
            wrapped.__cause__ = error
            error = wrapped
        self._future.set_exception(error)

    async def finish(self) -> None:
        """Await what is still running."""
        while self._tasks:
            await self._tasks.pop()

    def cancel(self) -> None:
        """Cancel what is still running; a bar says so."""
        for task in list(self._tasks):
            task.cancel()
        give_up = getattr(self._call, "give_up", None)
        if give_up is not None:
            give_up()


def chain(running: Future[Any], result: Future[Any]) -> None:
    """`result` ends as `running` does, unless it has ended before; then `running` is cancelled."""

    def ended(running: Future[Any]) -> None:
        if result.done():
            if not running.cancelled():
                running.exception()  # marked as retrieved
        elif running.cancelled():
            result.cancel()
        elif (error := running.exception()) is not None:
            result.set_exception(error)
        else:
            result.set_result(running.result())

    running.add_done_callback(ended)
    result.add_done_callback(lambda _: running.cancel())
