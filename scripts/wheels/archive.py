"""What maturin writes of this machine into a wheel beside the binary, its folder in the list of crates, is removed."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path

#: What stands for the folder in which a wheel was built, as in the binary (`build_backend.py`).
FOLDER = "/atlas-serverless"


def without_folder(wheel: Path, root: Path, time: str, binary: Callable[[bytes], bytes] | None = None) -> None:
    """Writes the wheel anew; the list of crates gets the time of the commit, and RECORD the new hashes.

    `binary` may change the extension module, too.
    """
    with zipfile.ZipFile(wheel) as archive:
        entries = [(info, archive.read(info)) for info in archive.infolist()]
    changed: dict[str, bytes] = {}
    for info, content in entries:
        if "/sboms/" in info.filename:
            text = content.decode()
            for written in (str(root), root.as_posix(), str(root).replace("\\", "\\\\")):  # the last two: of Windows
                text = text.replace(written, FOLDER)
            changed[info.filename] = _at(text, time).encode()
        elif binary and info.filename.endswith(".so"):
            changed[info.filename] = binary(content)
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, content in entries:
            new = changed.get(info.filename, content)
            if info.filename.endswith(".dist-info/RECORD"):
                new = _record(content.decode(), changed).encode()
            archive.writestr(info, new, zipfile.ZIP_DEFLATED, compresslevel=9)


def _at(text: str, time: str) -> str:
    """With another time, as maturin 1.16 writes it: `"timestamp": "…"`."""
    before, mark, rest = text.partition('"timestamp": "')
    return f'{before}{mark}{time}"{rest.partition(chr(34))[2]}' if mark else text


def _record(text: str, changed: dict[str, bytes]) -> str:
    new = {}
    for name, content in changed.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        new[name] = f"{name},sha256={digest},{len(content)}"
    return "".join(f"{new.get(line.partition(',')[0], line)}\n" for line in text.splitlines())
