"""What commands print: JSON, coloured by rich if that is installed and stdout is a terminal."""

from __future__ import annotations

import json
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def print_json(value: Any, *, compact: bool = False) -> None:
    """Print the value on stdout, keys in their order; `compact` puts all in one line."""
    if compact:
        print(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
        return
    if sys.stdout.isatty():
        try:
            from rich import print_json as in_colour
        except ImportError:
            pass
        else:
            in_colour(data=value, indent=2)
            return
    print(json.dumps(value, ensure_ascii=False, indent=2))
