"""How the emulator is asked: directly in the process that started it, over HTTP in a child of that process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from urllib.error import HTTPError

    from atlas_serverless._core import Emulator

_TIMEOUT = 30.0  # seconds


class AnyProcess:
    """`_core.Emulator`, which a child made by fork reaches by its address: it has inherited neither the thread nor what
    has changed since, and may have inherited a lock that nobody will release.
    """

    def __init__(self, core: Emulator) -> None:
        self._core = core

    @property
    def url(self) -> str:
        return self._core.url

    def description(self) -> dict[str, Any]:
        return dict(self.control("GET", "description") if self._core.is_inherited else self._core.description())

    def requests(self) -> list[dict[str, Any]]:
        return list(self.control("GET", "requests") if self._core.is_inherited else self._core.requests())

    def control(self, method: str, path: str, body: Any = None) -> Any:
        if self._core.is_inherited:
            return _over_http(self.url, method, path, body)
        return self._core.control(method, path, body)

    def stop(self) -> None:
        self._core.stop()


def _over_http(url: str, method: str, path: str, body: Any) -> Any:
    import json
    from urllib.error import HTTPError
    from urllib.parse import quote
    from urllib.request import ProxyHandler, Request, build_opener

    path, question, query = path.partition("?")
    try:
        data = None if body is None else json.dumps(body, allow_nan=False).encode()
    except RecursionError:
        raise ValueError("body is nested too deep") from None
    request = Request(f"{url}/_emulator/{quote(path.strip('/'))}{question}{query}", data, method=method)
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=_TIMEOUT) as reply:
            return json.load(reply)
    except HTTPError as error:
        with error:
            raise _refusal(error) from None
    except OSError as error:
        raise RuntimeError(
            f"the emulator at {url}, which the parent process started, does not answer: {error}"
        ) from error


def _refusal(error: HTTPError) -> Exception:
    import json

    try:
        message = str(json.load(error)["error"])
    except (ValueError, KeyError, TypeError):
        message = f"status {error.code}"
    if error.code == 404:
        return LookupError(message)
    return ValueError(message) if error.code < 500 else RuntimeError(message)
