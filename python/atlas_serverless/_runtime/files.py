"""Files that someone names: what of them is read."""

from __future__ import annotations

import errno
import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

#: Bytes. A list of a hundred thousand clusters has a quarter of it.
LIMIT = 64 << 20


def read_text(path: Any) -> str:
    """What a file has, in UTF-8. Pipes are read, too: a shell makes one of ``<(…)``.

    OSError for what is no file or pipe, or has more than :data:`LIMIT` bytes.
    """
    return _read(path, 0).decode("utf-8")


def read_regular(path: Any) -> str:
    """The same of a regular file only, for paths that nobody gave in this call: to open a pipe may take for ever.

    What is no UTF-8 is replaced.
    """
    return _read(path, getattr(os, "O_NONBLOCK", 0)).decode("utf-8", errors="replace")


def read_stream(stream: BinaryIO, name: Any = None) -> bytes:
    """What is left of an open stream."""
    content = stream.read(LIMIT + 1)
    if len(content) > LIMIT:
        raise OSError(errno.EFBIG, f"it is larger than {LIMIT >> 20} MiB", name)
    return content


def _read(path: Any, flags: int) -> bytes:
    with open(path, "rb", opener=lambda name, mode: os.open(name, mode | flags)) as file:
        mode = os.fstat(file.fileno()).st_mode
        if not (stat.S_ISREG(mode) or (stat.S_ISFIFO(mode) and not flags)):
            raise OSError(errno.EINVAL, "it is not a regular file", path)
        return read_stream(file, path)
