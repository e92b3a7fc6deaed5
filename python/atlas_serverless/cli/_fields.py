"""Fields of a file that become arguments of a method."""

from __future__ import annotations

from ._common import UsageError
from ._options import OPTIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def check_fields(fields: Iterable[str], where: str, method: str, *also: str) -> None:
    """What is another of the method's arguments must not act as one."""
    import inspect

    from atlas_serverless._core import Client

    known = inspect.signature(getattr(Client, method)).parameters.values()
    others = {parameter.name for parameter in known if parameter.kind is not parameter.VAR_KEYWORD}
    others -= {"name", "extra_fields", *also}
    wrong = next((name for name in fields if name in others), None)
    if wrong is not None:
        option = f"; give --{wrong.replace('_', '-')}" if wrong in OPTIONS[method] else ""
        raise UsageError(f"{where}: {wrong} is no field of the API{option}")
