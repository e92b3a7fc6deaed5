"""`atlas-serverless version`: what is installed, as one line for a bug report."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add `version`."""
    text = "print the versions of atlas-serverless, Python and the system"
    subparsers.add_parser("version", help=text, description=f"{text[0].upper()}{text[1:]}.")


def run(_args: argparse.Namespace) -> int:
    """Print the line."""
    import platform

    from atlas_serverless import __version__

    python = f"{platform.python_implementation()} {platform.python_version()}"
    print(f"atlas-serverless {__version__} ({python}, {platform.system()} {platform.machine()})")
    return 0
