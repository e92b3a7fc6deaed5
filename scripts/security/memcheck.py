"""What valgrind's memcheck says of the binding: of all that it reports, what `_core` has a part in.

CPython keeps numbers and pointers in ways that memcheck takes for uninitialised memory, and readline and the dynamic
linker leave memory behind at the end. An error counts here

- of any kind, if it is in `_core`: its first frame that is not one of the C library or of valgrind is there;
- if memory is read, written or freed that must not be, and `_core` stands anywhere in the stacks: of the access, of the
  call that has freed the memory, or of the one that has asked for it. An object of Python's that the binding has
  released once too often is found where Python uses it.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

#: Kinds of memcheck that say nothing of who made the error, so that only the first frame counts.
OF_THE_FRAME_ALONE = {"UninitValue", "UninitCondition", "SyscallParam", "Leak_DefinitelyLost"}
#: Objects that are passed over on the way to the first frame.
RUNTIME = ("vgpreload", "libc.so", "libc-", "ld-linux", "ld-2", "libpthread", "libm.so")
ARGUMENTS = ("--tool=memcheck", "--xml=yes", "--num-callers=40", "--leak-check=full", "--show-leak-kinds=definite")
#: pytest's own threads and the client's are many, and each must get its turn.
FAIR = ("--fair-sched=yes", "--error-limit=no", "--errors-for-leak-kinds=definite", "--child-silent-after-fork=yes")


def is_ours(frame: ElementTree.Element) -> bool:
    return "/_core." in frame.findtext("obj", "")


def is_runtime(frame: ElementTree.Element) -> bool:
    return Path(frame.findtext("obj", "")).name.startswith(RUNTIME)


def counts(error: ElementTree.Element) -> bool:
    """Whether an error is one of the binding."""
    frames = [list(stack.iter("frame")) for stack in error.iter("stack")]
    own = [frame for frame in frames[0] if not is_runtime(frame)] if frames else []
    if own and is_ours(own[0]):
        return True
    if error.findtext("kind") in OF_THE_FRAME_ALONE:
        return False
    return any(is_ours(frame) for stack in frames for frame in stack)


def in_words(error: ElementTree.Element) -> str:
    """The error and the first frames of it that say something."""
    what = error.findtext("what") or error.findtext("xwhat/text") or error.findtext("kind", "")
    names = [frame.findtext("fn", "???") for frame in error.iter("frame") if not is_runtime(frame)]
    return f"{what}: {' < '.join(names[:6])}"


def errors(text: str) -> list[str]:
    """The errors of the binding in a log of `--xml=yes`. One that has no end is of a run that was killed."""
    if "</valgrindoutput>" not in text:
        text += "</valgrindoutput>"
    root = ElementTree.fromstring(text)
    return [in_words(error) for error in root.iter("error") if counts(error)]
