"""MongoDB Atlas serverless instances and Flex clusters: checked before they are sent, never created twice.

::

    from atlas_serverless import Client

    client = Client(client_id="mdb_sa_id_…", client_secret="mdb_sa_sk_…")
    cluster = client.create_flex_cluster(
        "32b6e34b3d91647abb20e7b8",
        name="orders",
        provider_settings={"backing_provider_name": "AWS", "region_name": "US_EAST_1"},
        wait=True,
    )
    print(cluster["connectionStrings"]["standardSrv"])

`Client` and `AsyncClient` have the same methods; `Emulator` is a small Atlas on this machine to test against;
`errors` has every exception, `types` the shapes of what goes in and comes out.
"""

from ._core import Client, __version__, to_flex_spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import errors as errors
    from . import types as types
    from .aio import AsyncClient as AsyncClient
    from .emulator import Emulator as Emulator

__all__ = ["AsyncClient", "Client", "Emulator", "__version__", "errors", "to_flex_spec", "types"]

_LAZY = {"AsyncClient": "aio", "Emulator": "emulator", "errors": None, "types": None, "integrations": None}


def __getattr__(name: str) -> object:
    """Import on first access what costs time to import."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = import_module(f".{_LAZY[name] or name}", __name__)
    found = module if _LAZY[name] is None else getattr(module, name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
