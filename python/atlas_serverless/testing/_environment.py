"""The environment of a test: every client of Atlas that is made in it reaches the emulator."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from atlas_serverless._runtime.files import read_regular

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from atlas_serverless.emulator import Auth, Emulator

#: Variables that MongoDB's tools and this package read begin so.
PREFIXES = ("MONGODB_ATLAS_", "MCLI_", "ATLAS_SERVERLESS_")
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@contextmanager
def environment(
    emulator: Emulator, auth: Auth = "service_account", *, passthrough: Sequence[str] = ()
) -> Iterator[dict[str, str]]:
    """Point every client of Atlas in this process and in those that it starts to the emulator; gives the variables.

    The machine's own credentials are gone until the end: variables, Atlas CLI profiles (each has the emulator's
    credentials instead), keyring and cached tokens. An address that is written in the code is not reached either:
    https goes through the emulator, which refuses it, except to the hosts of `passthrough`. Clients that ignore
    `HTTPS_PROXY`, such as `http.client`, are not stopped.
    """
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="atlas-", ignore_cleanup_errors=True) as folder:
        variables = {
            **emulator.environment(auth),
            "ATLAS_SERVERLESS_TOKEN_CACHE": "memory",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            **_profiles(emulator, Path(folder)),
        }
        for name in ("HTTPS_PROXY", "https_proxy"):
            variables[name] = emulator.url
        for name in ("NO_PROXY", "no_proxy"):
            # Ours first: `*` in the machine's own list would spare everything.
            own = [host for host in before.get(name, "").split(",") if host.strip() in LOOPBACK]
            variables[name] = ",".join(dict.fromkeys([*LOOPBACK, *own, *passthrough]))
        try:
            for name in before:
                if name.upper().startswith(PREFIXES):
                    del os.environ[name]
            os.environ.update(variables)
            yield variables
        finally:
            for name in set(os.environ) - set(before):
                del os.environ[name]
            os.environ.update(before)


def _profiles(emulator: Emulator, folder: Path) -> dict[str, str]:
    """Write the Atlas CLI's file with the emulator's credentials in every profile; the variable that leads to it."""
    variable, real, place = _config_folder()
    described = emulator.description
    lines = [
        f'client_id = "{described["client_id"]}"',
        f'client_secret = "{described["client_secret"]}"',
        f'ops_manager_url = "{emulator.url}/"',
        'service = "cloud"',
    ]
    lines += [f'{key} = "{described[name]}"' for key, name in (("project_id", "group_id"), ("org_id", "org_id"))]
    own = folder / place / "atlascli"
    own.mkdir(parents=True)
    names = dict.fromkeys(["default", *_names(real / place / "atlascli" / "config.toml")])
    file = own / "config.toml"
    file.touch(mode=0o600)
    file.write_text("".join(f'["{name}"]\n' + "\n".join(lines) + "\n" for name in names), encoding="utf-8")
    _link_others(real / place, folder / place)
    return {variable: str(folder)}


def _config_folder() -> tuple[str, Path, str]:
    """Which variable names the folder of configurations, where that is, and where in it the Atlas CLI's is."""
    if sys.platform == "darwin":
        return "HOME", Path.home(), "Library/Application Support"
    if sys.platform == "win32":
        return "APPDATA", Path(os.environ.get("APPDATA") or Path.home() / "AppData/Roaming"), ""
    return "XDG_CONFIG_HOME", Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"), ""


def _names(file: Path) -> list[str]:
    """The names of the profiles in a file; their values are not looked at."""
    try:
        text = read_regular(file)
    except OSError:
        return []
    return re.findall(r"""^\s*\[\s*["']?([\w .-]+?)["']?\s*\]""", text, re.MULTILINE)


def _link_others(real: Path, folder: Path) -> None:
    """Other programs keep their configuration."""
    try:
        for entry in real.iterdir():
            if entry.name != "atlascli":
                (folder / entry.name).symlink_to(entry)
    except OSError:  # no such folder, or a system without links
        pass
