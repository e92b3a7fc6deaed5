"""The mailbox of each event loop: how results get from the core's thread to asyncio."""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future, ensure_future, get_running_loop
from weakref import WeakKeyDictionary, ref

from ._core import Mailbox

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import Any

_mailboxes: WeakKeyDictionary[AbstractEventLoop, Mailbox | None] = WeakKeyDictionary()
_tasks: set[Future[Any]] = set()
_last: tuple[ref[AbstractEventLoop], Mailbox | None] | None = None


def here() -> tuple[AbstractEventLoop, Mailbox | None]:
    """The running loop and its mailbox; None for a loop that cannot watch a socket."""
    global _last
    loop = get_running_loop()
    last = _last
    if last is not None and last[0]() is loop:
        return loop, last[1]
    try:
        mailbox = _mailboxes[loop]
    except KeyError:
        mailbox = _mailboxes[loop] = _watch(loop)
    _last = (ref(loop), mailbox)
    return loop, mailbox


def _watch(loop: AbstractEventLoop) -> Mailbox | None:
    mailbox = Mailbox()
    try:
        loop.add_reader(mailbox.fileno(), mailbox.deliver)
    except NotImplementedError:  # Windows' Proactor
        return None
    return mailbox


def keep(awaitable: Awaitable[Any]) -> None:
    """Runs what a progress callable returned; a loop alone would let a task be collected before its end."""
    task = ensure_future(awaitable)
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
