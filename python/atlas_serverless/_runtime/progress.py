"""`progress=True`: a bar that moves with the elapsed time, in a terminal or a notebook, and ends full, green or red.

In a notebook it is a piece of HTML, which needs no widgets; in a terminal tqdm's bar where that is installed (extra
``[progress]``), else a line that is written over; anywhere else a line for each change of state.
"""

from __future__ import annotations

import os
import sys
from threading import Event, RLock, Thread
from time import monotonic
from weakref import ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TextIO

    from atlas_serverless.types import ManyProgress, Poll

#: Seconds after which the bar is half full: how long Atlas takes is not known.
_HALF = 60.0
#: Seconds between two drawings while no poll comes.
_REDRAW = 0.5
_GREEN, _RED, _BUSY = "#00884f", "#c8102e", "#b26a00"


def display() -> Callable[[Poll], None]:
    """A callable for one wait. It ends with the last poll, or when the wait is cancelled."""
    if _in_notebook():
        return _Notebook()
    stream = _Stderr()
    if not stream.isatty():
        return _Log(stream)
    try:
        from tqdm import tqdm
    except ImportError:
        return _Line(stream)
    return _Bar(tqdm)


class _Stderr:
    """`sys.stderr`, of which a service has none. What cannot be written is left out: the call counts for more."""

    def __init__(self) -> None:
        self._stream: TextIO | None = sys.stderr

    def write(self, text: str) -> int:
        try:
            if self._stream is not None:
                self._stream.write(text)
                self._stream.flush()
        except (OSError, ValueError):  # it is closed, or nobody reads it
            self._stream = None
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        try:
            return self._stream is not None and self._stream.isatty()
        except (OSError, ValueError):
            return False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)  # tqdm looks at more of it


def _in_notebook() -> bool:
    """Whether a Jupyter kernel runs this; nothing is imported to find out."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


class _Display:
    """The last state and failure in words. What it shows is drawn at each poll, and between them by a thread."""

    moves = True

    def __init__(self) -> None:
        self._state = "not seen yet"
        self._noted = ""
        self._poll: Poll | None = None
        self._polled = 0.0
        self._ended = Event()
        self._lock = RLock()
        self._thread: Thread | None = None

    def __call__(self, poll: Poll) -> None:
        try:
            with self._lock:
                self._state, self._noted = poll.state or self._state, ""
                self._poll, self._polled = poll, monotonic()
                if poll.done:
                    self._ended.set()
                self.draw(poll, poll.elapsed)
            if self.moves and self._thread is None and not poll.done:
                arguments = (ref(self), self._ended)
                self._thread = Thread(target=_redraw, args=arguments, name="atlas-progress", daemon=True)
                self._thread.start()
        except BaseException:  # Ctrl-C, whose traceback keeps this alive
            self.give_up()
            raise

    def _note(self, line: str) -> None:
        """Show a warning of the call, such as why it pauses, until the next poll. The core calls it."""
        with self._lock:
            if self._poll is None:
                _Stderr().write(f"{line}\n")
            else:
                self._noted = line
                self.redraw()

    def redraw(self) -> None:
        """Draw it once more, later."""
        with self._lock:
            if self._poll is not None and not self._ended.is_set():
                self.draw(self._poll, self._poll.elapsed + monotonic() - self._polled)

    def draw(self, poll: Poll, elapsed: float) -> None:
        """Show the poll, so many seconds after the wait began."""
        raise NotImplementedError

    def stop(self) -> None:
        """The wait was given up."""

    def give_up(self) -> None:
        """End it, unless it has ended."""
        with self._lock:
            if self._poll is not None and not self._ended.is_set():
                self._ended.set()
                self.stop()

    def __del__(self) -> None:
        self.give_up()

    def words(self, poll: Poll) -> str:
        """Such as ``orders → IDLE: CREATING``; at the end of a wait that failed, why."""
        said = self._state if poll.last_error is None else f"{self._state}, last error: {poll.last_error}"
        if self._noted:
            said += f"; {self._noted}"
        if poll.done and not _reached(poll):
            said += f": not {poll.wanted}"
        return f"{poll.name} → {poll.wanted}: {said}"


def _redraw(display: ref[_Display], ended: Event) -> None:
    """Draw until the display has ended or is gone."""
    while not ended.wait(_REDRAW):
        shown = display()
        if shown is None:
            return
        shown.redraw()
        del shown


def _reached(poll: Poll) -> bool:
    return poll.state == poll.wanted


def _part(poll: Poll, elapsed: float) -> float:
    """How full the bar is, from 0 to 1."""
    return 1.0 if poll.done else elapsed / (elapsed + _HALF)


class _Bar(_Display):
    """tqdm's bar."""

    def __init__(self, tqdm: Any) -> None:
        super().__init__()
        self._tqdm = tqdm
        self._stream = _Stderr()
        self._bar: Any = None
        self._colours = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def draw(self, poll: Poll, elapsed: float) -> None:
        text = f"{self.words(poll)} [{elapsed:.0f} s]"
        full = round(100 * _part(poll, elapsed))
        colour = None
        if self._colours:
            colour = ("green" if _reached(poll) else "red") if poll.done else "yellow"
        if self._bar is None:
            form = "{desc} {bar:20}"
            options = {"bar_format": form, "colour": colour, "leave": True, "file": self._stream}
            self._bar = self._tqdm(total=100, initial=full, desc=text, **options)
        self._bar.n, self._bar.colour = full, colour
        self._bar.set_description_str(text)
        if poll.done:
            self._bar.close()

    def stop(self) -> None:
        if self._bar is not None:  # Ctrl-C may come while tqdm makes it
            self._bar.close()


class _Line(_Display):
    """One line of a terminal, written over."""

    def __init__(self, stream: TextIO | _Stderr) -> None:
        super().__init__()
        self._stream = stream
        self._width = 0

    def draw(self, poll: Poll, elapsed: float) -> None:
        full = round(20 * _part(poll, elapsed))
        text = f"{self.words(poll)} |{'#' * full}{'-' * (20 - full)}| [{elapsed:.0f} s]"
        self._stream.write("\r" + text.ljust(self._width) + ("\n" if poll.done else ""))
        self._width = len(text)

    def stop(self) -> None:
        self._stream.write("\n")  # what is printed next begins on a line of its own


class _Log(_Display):
    """A line for each change, where nothing can be written over."""

    moves = False

    def __init__(self, stream: TextIO | _Stderr) -> None:
        super().__init__()
        self._stream = stream
        self._last = ""

    def draw(self, poll: Poll, elapsed: float) -> None:
        words = self.words(poll)
        if words != self._last or poll.done:
            self._stream.write(f"{words} [{elapsed:.0f} s]\n")
        self._last = words


class _Notebook(_Display):
    """A bar of HTML, which is kept in the notebook as it ended."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: Any = None
        self._elapsed = 0.0

    def draw(self, poll: Poll, elapsed: float) -> None:
        self._elapsed = elapsed
        colour = (_GREEN if _reached(poll) else _RED) if poll.done else _BUSY
        self._show(_html(_part(poll, elapsed), colour, self.words(poll), elapsed))

    def stop(self) -> None:
        if self._poll is not None:
            words = f"{self.words(self._poll)}: the wait was given up"
            self._show(_html(1.0, _RED, words, self._elapsed))

    def _show(self, html: str) -> None:
        import IPython.display as notebook

        shown: Any = notebook  # its functions have no types
        if self._shown is None:
            self._shown = shown.display(shown.HTML(html), display_id=True)
        else:
            self._shown.update(shown.HTML(html))


def _html(part: float, colour: str, words: str, elapsed: float) -> str:
    from html import escape

    box = "display:inline-block;height:.9em;border-radius:.2em"
    bar = f'<span style="{box};width:{12 * part:.2f}em;background:{colour}"></span>'
    frame = f'<span style="{box};width:12em;background:#8884;vertical-align:middle;line-height:0">{bar}</span>'
    return f'<div>{frame} <span style="color:{colour}">{escape(words)}</span> [{elapsed:.0f} s]</div>'


def display_many() -> Callable[[ManyProgress], None]:
    """A callable for one `create_many` or its like. It writes to stderr, and closes itself with the last count."""
    stream = _Stderr()
    if not stream.isatty():
        return _ManyLine(stream)
    try:
        from tqdm import tqdm
    except ImportError:
        return _ManyLine(stream)
    return _ManyBar(tqdm)


def _failed(progress: ManyProgress) -> str:
    return ", ".join(f"{count} {code}" for code, count in progress.failures.items())


class _ManyBar:
    """tqdm's bar, which works out rate and remaining time by itself."""

    def __init__(self, tqdm: Any) -> None:
        self._tqdm = tqdm
        self._stream = _Stderr()
        self._bar: Any = None

    def __call__(self, progress: ManyProgress) -> None:
        if self._bar is None:
            self._bar = self._tqdm(total=progress.total, initial=progress.skipped, unit="op", file=self._stream)
        self._bar.set_postfix_str(_failed(progress), refresh=False)
        self._bar.update(progress.ended - self._bar.n)
        if progress.finished:
            self._bar.close()

    def __del__(self) -> None:
        if self._bar is not None:
            self._bar.close()  # closing twice is fine


class _ManyLine:
    """One line, written over in a terminal; elsewhere one line at the end."""

    def __init__(self, stream: TextIO | _Stderr) -> None:
        self._stream = stream
        self._width = 0

    def __call__(self, progress: ManyProgress) -> None:
        total = "" if progress.total is None else f" of {progress.total}"
        left = "" if progress.remaining is None else f", {progress.remaining:.0f} s left"
        failed = _failed(progress)
        text = f"{progress.ended}{total} done, {progress.rate:.1f}/s{left}" + (f"; failed: {failed}" if failed else "")
        if self._stream.isatty():
            self._stream.write("\r" + text.ljust(self._width) + ("\n" if progress.finished else ""))
            self._width = len(text)
        elif progress.finished:
            self._stream.write(text + "\n")
        self._stream.flush()
