"""The stub of what the binary has beside `Client` and `to_flex_spec`: the part of `_core.pyi` that no table describes.

`scripts/generate_stubs.py` copies it from the first class on.
"""

from collections.abc import Iterator, Mapping
from os import PathLike
from types import TracebackType
from typing import Any, Generic, Literal, TypeVar, final, overload

from typing_extensions import Self

class Client: ...

_T = TypeVar("_T")

@final
class Credentials:
    """The credentials that a client uses, without their secrets."""

    @property
    def kind(self) -> Literal["service_account", "api_key", "access_token"]:
        """`service_account`, `api_key` or `access_token`."""

    @property
    def id(self) -> str | None:
        """Client id or public key; None for an access token."""

    @property
    def source(self) -> str:
        """Where they were found: `arguments (client_id, client_secret)`, `environment (…)`, `profile default in …`."""

    @property
    def base_url(self) -> str:
        """Scheme, host and port of the service."""

    @property
    def base_url_source(self) -> str:
        """Where the base URL was found."""

    def explain(self) -> str:
        """What was looked at in which order, what was found and what is used, as text. Ids are shown, of secrets the
        length and the last two characters at the most."""

    def _repr_html_(self) -> str: ...

# --- what the package itself uses ------------------------------------------------------------------------------------

@final
class Pages(Iterator[_T], Generic[_T]):
    """The iterator of a list operation: one entry after another, or one `Response` for each page.

    Pages are read as they are needed. `pages[3]` and `pages[:10]` are of the entries that come next, which are not
    taken by that. In a notebook it shows the first rows.

    A list of an asynchronous client is driven by `next_page()`, whose result is a list, or None after the last page.
    """

    def __iter__(self) -> Self: ...
    def __next__(self) -> _T: ...
    @overload
    def __getitem__(self, index: int, /) -> _T: ...
    @overload
    def __getitem__(self, index: slice, /) -> list[_T]: ...
    def peek(self, count: int | None = None) -> list[_T]:
        """The entries that come next, without taking them: so many, or fewer at the end; all that are left for None."""

    def read(self, count: int | None = None) -> list[_T]:
        """The same of what was read already; no request is sent."""

    @property
    def progress(self) -> tuple[int, int, bool]:
        """How many entries were taken, how many are read and not taken, and whether that is all."""

    def _repr_html_(self) -> str: ...
    def next_page(self) -> Pending:
        """The next page of an asynchronous client's list, as a pending call."""

@final
class CreateResult:
    """How one operation of `create_many`, `update_many` or `delete_many` ended."""

    @property
    def index(self) -> int:
        """Its place in the operations, from 0."""

    @property
    def operation(self) -> Mapping[str, Any]:
        """The operation as it was given."""

    @property
    def value(self) -> Any:
        """What the operation returned; None after a failure and a deletion."""

    @property
    def error(self) -> Exception | None:
        """What the operation raised; None after a success."""

    def _repr_html_(self) -> str: ...

@final
class Creates:
    """The results of `create_many`, `update_many` or `delete_many`, in the order in which they come."""

    @property
    def in_flight(self) -> list[Mapping[str, Any]]:
        """The operations that are under way; after `close()`, those that were ended: what they create may exist."""

    def __iter__(self) -> Self: ...
    def __next__(self) -> CreateResult: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _traceback: TracebackType | None
    ) -> None: ...
    def take(self) -> list[CreateResult] | None:
        """For an asynchronous client: all results that are there, or None after the last. None there yet: `wait()`."""

    def wait(self) -> Pending:
        """For an asynchronous client: a pending call that ends when there are results."""

    def close(self) -> None:
        """Stop what is under way and take no further operation. Closing twice is fine."""

@final
class Mailbox:
    """The results for one event loop, which watches its descriptor."""

    def __new__(cls) -> Self: ...
    def __len__(self) -> int: ...
    def fileno(self) -> int:
        """The descriptor to watch for reading."""

    def deliver(self) -> None:
        """Completes every future whose result is there. Called by the event loop."""

    def deliver_deferred(self) -> None:
        """Handles the next event that runs code of the caller's. Called by the event loop."""

    def cancel_all(self) -> None:
        """Ends every call of a loop that is closed."""

@final
class Pending:
    """A call that runs: `future` to await, `cancel()` to stop it."""

    @property
    def future(self) -> Any:
        """The asyncio future of the result."""

    @property
    def progress(self) -> Any:
        """What calls the caller's progress callable after each poll, if there is one."""

    def warn(self) -> None:
        """Issues the warnings of a call that has failed."""

    def cancel(self) -> None:
        """Stops the call; its connection is closed if the reply has not come."""

@final
class WithWarnings:
    """A result with warnings that are still to be issued."""

    def unwrap(self) -> Any:
        """Issues the warnings and returns the value."""

@final
class VirtualClock:
    """A clock that a test hands to a client (`Client(…, _clock=VirtualClock())`): every wait passes at once and is
    recorded, and jitter is zero. Attempts themselves still take real time."""

    def __new__(cls) -> Self: ...
    @property
    def now(self) -> float:
        """Seconds that have passed on it."""

    @property
    def sleeps(self) -> list[float]:
        """Every wait so far, in seconds, in order."""

    def advance(self, seconds: float) -> None:
        """Moves it forward."""

@final
class Emulator:
    """A running emulator; `atlas_serverless.Emulator` is its public face."""

    def __new__(cls, options: Mapping[str, Any]) -> Self: ...
    @property
    def is_inherited(self) -> bool:
        """Whether this process is a child of the one that started it: then only `url` and `stop` can be used."""

    @property
    def url(self) -> str: ...
    def description(self) -> dict[str, str]: ...
    def requests(self) -> list[dict[str, Any]]: ...
    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Raises LookupError for a path that is not there, ValueError for an invalid order."""

    def stop(self) -> None: ...

def regions() -> list[dict[str, str]]:
    """The regions that this version knows, by name and provider; a dict of `name`, `provider`, `flex` (`yes`, `no` or
    `unknown`), `place` and `cloud_name` for each."""

def is_transient(status: int) -> bool:
    """Whether a read, an update, a deletion or the fetch of a token that got this status is sent again."""

def forget_deprecations() -> None:
    """Forget which deprecations were announced in this process, so that each warns again. For tests."""

def doctor(
    *,
    profile: str | None = None,
    base_url: str | None = None,
    group_id: str | None = None,
    proxy: str | None = None,
    ca_file: str | PathLike[str] | None = None,
    token_cache: str | PathLike[str] | None = None,
    timeout: float = 15.0,
    allow_insecure_http: bool = False,
) -> dict[str, Any]:
    """Look at everything between this program and a create; a dict of `ok`, `base_url`, `group_id`, `explanation`,
    `steps`."""

def log_out(client: Client, *, all: bool = False) -> dict[str, Any]:
    """Revoke the cached token of a client and remove it. A dict: `revoked` (None if there was none, else whether the
    server took it), `same_secret` (whether it was fetched with the secret that is used now), `folder` (None if tokens
    are not shared), `others` (base URL, client id and end of those that remain)."""

def forget_tokens(*, token_cache: str | PathLike[str] | None = None) -> dict[str, Any]:
    """Remove every cached token without telling the server: for a machine that has no credentials any more."""
