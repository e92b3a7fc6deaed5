"""What else follows from the arguments: the operations of `create_many` as types, and options of the command line."""

from __future__ import annotations

import re

from stubs.signatures import HEAD, imports
from stubs.table import ALIASES, HERE, Argument, Interface, create_options

REGION_TABLE = HERE.parent.parent / "src/core/spec/model/regions.csv"

KINDS = {"flex_cluster": ("flex", "FlexCluster"), "serverless_instance": ("serverless", "ServerlessInstance")}

OPERATIONS = f'''\
# {HEAD}
"""Operations of `create_many`, for annotations: part of `atlas_serverless.types`, where the public names are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

{{imports}}

Extra = Mapping[str, Any] | None
{{aliases}}


class _Project(TypedDict, total=False):
    group_id: str | None
    """The project: 24 hexadecimal digits. Without it, the client's."""


class _Serverless(TypedDict):
    kind: Literal["serverless"]
'''
OPTIONS = f'''\
# {HEAD}
"""Options that are arguments of a method: by method and argument, the keywords of `add_argument`."""

from __future__ import annotations

from argparse import BooleanOptionalAction

from ._common import seconds, seconds_or_zero

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

OPTIONS: dict[str, dict[str, dict[str, Any]]] = {{body}}
'''


REGIONS = f'''\
# {HEAD}
"""The regions that this version knows, for completion: part of `atlas_serverless.types`."""

from __future__ import annotations

from typing import Literal

Region = Literal[{{all}}]
"""A region of any provider. Atlas may have new ones: wherever one is taken, any text is."""

FlexRegion = Literal[{{flex}}]
"""A region that has Flex clusters, as far as this version knows."""
'''


def regions() -> str:
    """`types/_regions.py`."""
    rows = [line.split(",") for line in REGION_TABLE.read_text(encoding="utf-8").splitlines()[1:] if line]
    quoted = [
        ", ".join(f'"{name}"' for name in sorted({row[1] for row in some}))
        for some in (rows, [r for r in rows if r[2] == "yes"])
    ]
    return REGIONS.format(all=quoted[0], flex=quoted[1])


def operations(interface: Interface) -> str:
    """`types/_operations.py`."""
    parts = []
    for kind, (word, name) in KINDS.items():
        bases = ["_Project", *(["_Serverless"] if word == "serverless" else []), f"{name}Spec"]
        parts.append(f"\n\nclass {name}Operation({', '.join(bases)}, total=False):\n")
        parts.append(f'    """A create of `create_many`; the options are those of `create_{kind}`."""\n\n')
        if word == "flex":
            parts.append('    kind: Literal["flex"]\n')
        parts += [f"    {option.name}: {option.type}\n" for option in create_options(interface, kind)]
    body = "".join(parts)
    aliases = "\n".join(f"{name} = {meaning}" for name, meaning in ALIASES.items())
    return OPERATIONS.format(imports=imports(body).replace("    ", ""), aliases=aliases) + body


def options(interface: Interface) -> str:
    """`cli/_options.py`."""
    methods = {
        name: {argument.name: _keywords(argument) for argument in method.keywords if argument.option}
        for name, method in interface.operations.items()
    }
    lines = []
    for name, arguments in methods.items():
        if arguments:
            inner = ", ".join(f'"{argument}": {keywords}' for argument, keywords in arguments.items())
            lines.append(f'"{name}": {{{inner}}},\n')
    return OPTIONS.format(body="{\n" + "".join(lines) + "}")


def _keywords(argument: Argument) -> str:
    """How argparse takes it: a flag, seconds, one of some words, or a text."""
    kind = argument.type.removesuffix(" | None")
    choices = re.findall(r'"(\w+)"', ALIASES.get(kind, ""))
    if argument.negatable:
        how = '"action": BooleanOptionalAction, "default": None'
    elif kind == "bool":
        how = '"action": "store_true"'
    elif kind == "float":
        how = f'"type": {"seconds_or_zero" if argument.or_zero else "seconds"}, "metavar": "SECONDS"'
    elif choices:
        how = f'"choices": [{", ".join(map(repr, choices))}]'
    else:
        how = f'"metavar": "{argument.name.upper()}"'
    return f'{{{how}, "help": {argument.option!r}}}'
