"""The Rust core.

Signatures are written here by hand. The docstrings are those of `src/binding/docs`, put in by
`scripts/generate_stubs.py`, which also makes `aio.pyi` and `_protocols.py` of this file.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike
from types import TracebackType
from typing import Any, Generic, Literal, TypeVar, final

from typing_extensions import Self, Unpack, disjoint_base

from . import types as t
from .types._protocols import Extra, IfExists, OnRetired, Progress, RawClient

_T = TypeVar("_T")

__all__ = [
    "Client",
    "CreateResult",
    "Creates",
    "Credentials",
    "Emulator",
    "Mailbox",
    "Noticed",
    "Pages",
    "Pending",
    "VirtualClock",
    "__version__",
    "doctor",
    "forget_deprecations",
    "forget_tokens",
    "log_out",
    "to_flex_spec",
]
__version__: str

@disjoint_base
class Client:
    """A client of the MongoDB Atlas Administration API for serverless instances and Flex clusters.

    Credentials come from the arguments, else from the environment, else from the Atlas CLI's profile; the first
    complete set wins, sets are never mixed, and `repr()` says which it was. One client serves many threads, and
    a child made by fork. It is a context manager: leaving it closes it.

    ============================ ===============================================================================
    `client_id`, `client_secret` a service account (OAuth 2 client credentials); its token is fetched once and
                                 renewed in time
    `public_key`, `private_key`  an API key (HTTP Digest)
    `access_token`               a ready-made token, sent as it is
    `profile`                    this profile of the Atlas CLI, and nothing else. Default None
    `base_url`                   scheme, host and port. Default: environment or profile, else
                                 ``https://cloud.mongodb.com``
    `api_version`                a date; Atlas answers with the newest version not after it. Default
                                 ``"2025-03-12"``
    `timeout`                    seconds for one attempt, from sending to the last byte. Default 60
    `connect_timeout`            seconds for opening a connection, TLS included. Default 10
    `max_retries`                attempts after the first. Default 5; 0 sends everything once
    `max_retry_time`             seconds for all attempts of one call, pauses included. Default 180
    `proxy`                      a proxy's URL, ``http://user:password@host:port``. Default: the environment's
                                 (`HTTPS_PROXY`, `NO_PROXY`); never for this machine
    `ca_file`                    a PEM file of certificates to trust beside the system's. Default:
                                 `SSL_CERT_FILE`, `REQUESTS_CA_BUNDLE`
    `user_agent_suffix`          text added to the User-Agent header, such as ``"billing-job/2"``
    `token_cache`                ``"file"`` or a folder shares a service account's token between processes.
                                 Default: `ATLAS_SERVERLESS_TOKEN_CACHE`, else ``"memory"``
    `on_retired`                 what the methods for serverless instances do where the endpoint is gone: ``"flex"``
                                 uses the Flex clusters that replace them. Default ``"raise"``: EndpointRetired
    `reconcile`                  False: a create whose answer was lost is an OutcomeUnknownError at once.
                                 Default True: it is looked up
    `allow_insecure_http`        True sends credentials over plain http to another machine. Default False:
                                 refused
    ============================ ===============================================================================

    Raises ConfigurationError where credentials, base URL or options cannot be used; nothing is sent. ValueError
    for a time that is none.

    >>> from atlas_serverless import Client
    >>> with Client(client_id=client_id, client_secret=client_secret, base_url=base_url) as client:
    ...     sum(1 for project in client.list_projects())
    1

    Source: https://www.mongodb.com/docs/atlas/configure-api-access/
    """

    def __new__(
        cls,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        public_key: str | None = None,
        private_key: str | None = None,
        access_token: str | None = None,
        profile: str | None = None,
        base_url: str | None = None,
        api_version: str = "2025-03-12",
        timeout: float = 60.0,
        connect_timeout: float = 10.0,
        max_retries: int = 5,
        max_retry_time: float = 180.0,
        proxy: str | None = None,
        ca_file: str | PathLike[str] | None = None,
        user_agent_suffix: str | None = None,
        token_cache: Literal["memory", "file"] | str | PathLike[str] | None = None,
        on_retired: OnRetired = "raise",
        reconcile: bool = True,
        allow_insecure_http: bool = False,
    ) -> Self: ...
    @classmethod
    def from_env(cls, **options: Any) -> Self:
        """A client with the credentials of the environment; no profile of the Atlas CLI is looked at.

        Takes what the constructor takes, but for credentials and `profile`. Raises ConfigurationError where the
        environment has no complete set, and says which names were looked at.
        """

    @classmethod
    def from_profile(cls, name: str, **options: Any) -> Self:
        """A client with the credentials of a profile of the Atlas CLI; the environment's are not looked at.

        `name` is the profile's; secrets that its file does not have are asked of the system's keyring (extra
        ``[keyring]``). Takes what the constructor takes, but for credentials. Raises ConfigurationError where there is
        no such profile, or no complete set in it.
        """

    def create_serverless_instance(
        self,
        group_id: str,
        *,
        envelope: bool = False,
        pretty: bool = False,
        wait: bool = False,
        timeout: float | None = None,
        interval: float | None = None,
        if_exists: IfExists = "error",
        on_retired: OnRetired | None = None,
        progress: Progress = None,
        validate: bool = True,
        extra_fields: Extra = None,
        **spec: Unpack[t.ServerlessInstanceSpec],
    ) -> t.ServerlessInstance:
        """Create a serverless instance; the dict is what Atlas sent, every field in its order.

        Atlas retired this operation in January 2026: there it raises EndpointRetired, or with ``on_retired="flex"``
        converts the request, warns of what is lost and creates a Flex cluster; the client remembers, and does not
        ask the old endpoint again. Between February 2025 and then Atlas made Flex clusters behind this shape.

        It is never created twice: after a lost answer it is looked up by name, and only sent again if it is not
        there. A field that Atlas did not take over is a FieldIgnoredWarning, a region that this version does not
        know a RegionWarning.

        ============== =============================================================================================
        `group_id`     the project (Atlas also calls it group): 24 hexadecimal digits
        `envelope`     True returns ``{"status": …, "content": {…}}`` as the API wraps it; a failure inside is
                       raised all the same. Default False
        `pretty`       True asks Atlas to indent its reply; the returned dict is the same. Default False
        `wait`         True returns only when it is IDLE, with what the last look saw. Default False: at once, with
                       the reply as it is
        `timeout`      seconds for the whole call, retries and waiting included. Default None: 1800 with `wait`,
                       else only the client's `max_retry_time` bounds it
        `interval`     with `wait`: seconds between looks. Default None: 1, growing to 15
        `if_exists`    ``"return"`` returns what has that name already if it is as asked (and waits for one that is
                       being deleted); one that differs raises with the differences. Default ``"error"``
        `on_retired`   ``"raise"`` or ``"flex"``. Default None: as the client was told (``"raise"``). What follows it
                       (get, update, delete, wait) goes by the client's
        `progress`     with `wait`: True shows a bar (on stderr, or as a widget), a callable gets a :class:`Poll`
                       for each look; what it raises ends the call. Default None
        `validate`     False sends what was given unchecked. Default True: every broken rule is a violation, all at
                       once, before anything is sent
        `extra_fields` a mapping that is sent as it is beside the rest, for fields that this version does not know.
                       Default None
        `**spec`       the API's fields, in its spelling or in snake_case, at every depth: `name` and
                       `provider_settings` (`backing_provider_name`, `region_name`) are required;
                       `serverless_backup_options`, `tags` (a list or a plain mapping),
                       `termination_protection_enabled`
        ============== =============================================================================================

        A wait that fails says that the instance was created: the error's `result` is the reply to the create.

        Raises ValidationError (before anything is sent), DuplicateClusterName, EndpointRetired,
        OutcomeUnknownError, with `wait` WaitTimeoutError and WaitFailedError, RateLimitedError, another ApiError
        for each status and code, TransportError without a usable reply, AuthenticationError.

        >>> instance = client.create_serverless_instance(
        ...     group_id,
        ...     name="orders",
        ...     provider_settings={"backing_provider_name": "AWS", "region_name": "US_EAST_1"},
        ...     tags={"env": "dev"},
        ...     wait=True,
        ... )
        >>> instance["name"], instance["stateName"]
        ('orders', 'IDLE')

        Source: https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/operation/operation-createserverlessinstance
        """

    def create_flex_cluster(
        self,
        group_id: str,
        *,
        envelope: bool = False,
        pretty: bool = False,
        wait: bool = False,
        timeout: float | None = None,
        interval: float | None = None,
        if_exists: IfExists = "error",
        progress: Progress = None,
        validate: bool = True,
        extra_fields: Extra = None,
        **spec: Unpack[t.FlexClusterSpec],
    ) -> t.FlexCluster:
        """Create a Flex cluster; the dict is what Atlas sent, every field in its order.

        It is never created twice: after a lost answer it is looked up by name, and only sent again if it is not
        there. A field that Atlas did not take over is a FieldIgnoredWarning, a region that this version does not
        know a RegionWarning.

        ============== =============================================================================================
        `group_id`     the project (Atlas also calls it group): 24 hexadecimal digits
        `envelope`     True returns ``{"status": …, "content": {…}}`` as the API wraps it; a failure inside is
                       raised all the same. Default False
        `pretty`       True asks Atlas to indent its reply; the returned dict is the same. Default False
        `wait`         True returns only when it is IDLE, with what the last look saw. Default False: at once, with
                       the reply as it is
        `timeout`      seconds for the whole call, retries and waiting included. Default None: 1800 with `wait`,
                       else only the client's `max_retry_time` bounds it
        `interval`     with `wait`: seconds between looks. Default None: 1, growing to 15
        `if_exists`    ``"return"`` returns what has that name already if it is as asked (and waits for one that is
                       being deleted); one that differs raises with the differences. Default ``"error"``
        `progress`     with `wait`: True shows a bar (on stderr, or as a widget), a callable gets a :class:`Poll`
                       for each look; what it raises ends the call. Default None
        `validate`     False sends what was given unchecked. Default True: every broken rule is a violation, all at
                       once, before anything is sent
        `extra_fields` a mapping that is sent as it is beside the rest, for fields that this version does not know.
                       Default None
        `**spec`       the API's fields, in its spelling or in snake_case, at every depth: `name` and
                       `provider_settings` (`backing_provider_name`, `region_name`) are required; `tags` (a list or
                       a plain mapping), `termination_protection_enabled`
        ============== =============================================================================================

        A wait that fails says that the cluster was created: the error's `result` is the reply to the create.

        Raises ValidationError (before anything is sent), DuplicateClusterName, OutcomeUnknownError, with `wait`
        WaitTimeoutError and WaitFailedError, RateLimitedError, another ApiError for each status and code,
        TransportError without a usable reply, AuthenticationError.

        >>> cluster = client.create_flex_cluster(
        ...     group_id,
        ...     name="orders",
        ...     provider_settings={"backing_provider_name": "AWS", "region_name": "US_EAST_1"},
        ...     wait=True,
        ... )
        >>> cluster["connectionStrings"]["standardSrv"].partition("://")[0]
        'mongodb+srv'

        Source: https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/operation/operation-creategroupflexcluster
        """

    def create_many(
        self,
        operations: Iterable[Mapping[str, Any]],
        *,
        max_in_flight: int = 32,
        on_error: Literal["collect", "raise"] = "collect",
    ) -> t.Creates:
        """Create many Flex clusters and serverless instances: an iterator of results in the order in which they come.

        Some creates are always under way, as many as the service's rate limits let through. Each is checked, retried
        and looked up as a single one is; one that fails does not keep the others.

        =============== ============================================================================================
        `operations`    an iterable of mappings, taken one by one as others end; it may be endless. Each has a
                        `group_id` and the fields of its instance; `kind` is ``"flex"`` (default) or
                        ``"serverless"``; `wait`, `interval`, `timeout`, `if_exists`, `on_retired`, `envelope`,
                        `pretty`, `validate` and `extra_fields` as in a single create
        `max_in_flight` how many creates are under way at most, and how many results wait to be taken. Default 32
        `on_error`      ``"collect"`` (default): a failure is a result with an `error`. ``"raise"``: the first
                        failure is raised, with its `operation`, and ends what is under way
        =============== ============================================================================================

        A result has `index` (its place in `operations`), `operation`, `value` (what the create returned) and `error`
        (what it raised); one of the last two is None. Leaving the loop early, Ctrl-C and ``close()`` end what is under
        way: for each create that had been sent, a warning of the logger `atlas_serverless` says what may exist, and
        `in_flight` of the iterator has the operations.

        Raises what the iterable raises, once all results are handed out, and with `on_error="raise"` what a single
        create raises.

        >>> fleet = (
        ...     {
        ...         "group_id": group_id,
        ...         "name": f"shard-{number}",
        ...         "provider_settings": {"backing_provider_name": "AWS", "region_name": "US_EAST_1"},
        ...     }
        ...     for number in range(3)
        ... )
        >>> results = list(client.create_many(fleet))
        >>> sorted(result.value["name"] for result in results if result.error is None)
        ['shard-0', 'shard-1', 'shard-2']

        Source: https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/operation/operation-creategroupflexcluster
        """

    def get_serverless_instance(
        self, group_id: str, name: str, *, envelope: bool = False, pretty: bool = False
    ) -> t.ServerlessInstance:
        """Get a serverless instance; the dict is what Atlas sent, every field in its order.

        A Flex cluster that was created as a serverless instance can be got this way too, until January 2026; Atlas
        ends this operation on 15 January 2027. A client made with ``on_retired="flex"`` looks for a Flex cluster of
        that name then.

        ========== =================================================================================================
        `group_id` the project (Atlas also calls it group): 24 hexadecimal digits
        `name`     the serverless instance's name
        `envelope` True returns ``{"status": …, "content": {…}}`` as the API wraps it; a failure inside is raised
                   all the same. Default False
        `pretty`   True asks Atlas to indent its reply; the returned dict is the same. Default False
        ========== =================================================================================================

        Raises ValidationError (before anything is sent), NotFoundError (ClusterNotFound, GroupNotFound …),
        RateLimitedError, another ApiError for each status and code, TransportError without a usable reply,
        AuthenticationError.

        >>> client.get_serverless_instance(group_id, "orders")["stateName"]
        'IDLE'

        Source: https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/operation/operation-getserverlessinstance
        """

    def get_flex_cluster(
        self, group_id: str, name: str, *, envelope: bool = False, pretty: bool = False
    ) -> t.FlexCluster:
        """Get a Flex cluster; the dict is what Atlas sent, every field in its order.

        ========== =================================================================================================
        `group_id` the project (Atlas also calls it group): 24 hexadecimal digits
        `name`     the Flex cluster's name
        `envelope` True returns ``{"status": …, "content": {…}}`` as the API wraps it; a failure inside is raised
                   all the same. Default False
        `pretty`   True asks Atlas to indent its reply; the returned dict is the same. Default False
        ========== =================================================================================================

        Raises ValidationError (before anything is sent), NotFoundError (ClusterNotFound, GroupNotFound …),
        RateLimitedError, another ApiError for each status and code, TransportError without a usable reply,
        AuthenticationError.

        >>> client.get_flex_cluster(group_id, "orders")["stateName"]
        'IDLE'

        Source: https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/operation/operation-getgroupflexcluster
        """

    def list_serverless_instances(
        self, group_id: str, *, items_per_page: int = 500, include_count: bool = True
    ) -> Iterator[t.ServerlessInstance]:
        """List the serverless instances of a project: an iterator of dicts that asks for page after page.

        Nothing is sent before the first is asked for. None is yielded twice, and none left out that was there all
        along, even if the list changes while it is read.

        Since January 2026 Atlas answers with an empty list. A client made with ``on_retired="flex"`` lists the
        project's Flex clusters then, all of them.

        ================ ===========================================================================================
        `group_id`       the project (Atlas also calls it group): 24 hexadecimal digits
        `items_per_page` 1 to 500, for each request. Default 500
        `include_count`  False spares Atlas counting; `totalCount` (seen with `with_raw_response`) is missing then.
                         Default True
        ================ ===========================================================================================

        Raises ValidationError (before anything is sent), NotFoundError (GroupNotFound), RateLimitedError, another
        ApiError for each status and code, TransportError without a usable reply, AuthenticationError.

        >>> [found["name"] for found in client.list_serverless_instances(group_id)]
        ['orders']

        Source: https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/operation/operation-listserverlessinstances
        """

    def list_flex_clusters(
        self, group_id: str, *, items_per_page: int = 500, include_count: bool = True
    ) -> Iterator[t.FlexCluster]:
        """List the Flex clusters of a project: an iterator of dicts that asks for page after page.

        Nothing is sent before the first is asked for. None is yielded twice, and none left out that was there all
        along, even if the list changes while it is read.

        ================ ===========================================================================================
        `group_id`       the project (Atlas also calls it group): 24 hexadecimal digits
        `items_per_page` 1 to 500, for each request. Default 500
        `include_count`  False spares Atlas counting; `totalCount` (seen with `with_raw_response`) is missing then.
                         Default True
        ================ ===========================================================================================

        Raises ValidationError (before anything is sent), NotFoundError (GroupNotFound), RateLimitedError, another
        ApiError for each status and code, TransportError without a usable reply, AuthenticationError.

        >>> [found["name"] for found in client.list_flex_clusters(group_id)]
        ['orders']

        Source: https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/operation/operation-listgroupflexclusters
        """

    def update_serverless_instance(
        self,
        group_id: str,
        name: str,
        *,
        envelope: bool = False,
        pretty: bool = False,
        wait: bool = False,
        timeout: float | None = None,
        interval: float | None = None,
        progress: Progress = None,
        validate: bool = True,
        extra_fields: Extra = None,
        **changes: Unpack[t.ServerlessInstanceUpdate],
    ) -> t.ServerlessInstance:
        """Change a serverless instance; the dict is what Atlas sent, every field in its order.

        Atlas retired this operation in January 2026: there it raises EndpointRetired, or changes the Flex cluster of
        that name, without what Flex does not have, if the client was made with ``on_retired="flex"``.

        ============== =============================================================================================
        `group_id`     the project (Atlas also calls it group): 24 hexadecimal digits
        `name`         the serverless instance's name
        `envelope`     True returns ``{"status": …, "content": {…}}`` as the API wraps it; a failure inside is
                       raised all the same. Default False
        `pretty`       True asks Atlas to indent its reply; the returned dict is the same. Default False
        `wait`         True returns only when it is IDLE again, with what the last look saw. Default False: at once,
                       with the reply as it is
        `timeout`      seconds for the whole call, retries and waiting included. Default None: 1800 with `wait`,
                       else only the client's `max_retry_time` bounds it
        `interval`     with `wait`: seconds between looks. Default None: 1, growing to 15
        `progress`     with `wait`: True shows a bar (on stderr, or as a widget), a callable gets a :class:`Poll`
                       for each look; what it raises ends the call. Default None
        `validate`     False sends what was given unchecked. Default True: every broken rule is a violation, all at
                       once, before anything is sent
        `extra_fields` a mapping that is sent as it is beside the rest, for fields that this version does not know.
                       Default None
        `**changes`    what can be changed, in the API's spelling or in snake_case: `serverless_backup_options`,
                       `tags` (all there are are replaced; ``[]`` removes them), `termination_protection_enabled`
        ============== =============================================================================================

        Raises ValidationError (before anything is sent), EndpointRetired, NotFoundError, with `wait`
        WaitTimeoutError and WaitFailedError, RateLimitedError, another ApiError for each status and code,
        TransportError without a usable reply, AuthenticationError.

        >>> client.update_serverless_instance(group_id, "orders", tags={"env": "live"}, wait=True)["tags"]
        [{'key': 'env', 'value': 'live'}]

        Source: https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/operation/operation-updateserverlessinstance
        """

    def update_flex_cluster(
        self,
        group_id: str,
        name: str,
        *,
        envelope: bool = False,
        pretty: bool = False,
        wait: bool = False,
        timeout: float | None = None,
        interval: float | None = None,
        progress: Progress = None,
        validate: bool = True,
        extra_fields: Extra = None,
        **changes: Unpack[t.FlexClusterUpdate],
    ) -> t.FlexCluster:
        """Change a Flex cluster; the dict is what Atlas sent, every field in its order.

        ============== =============================================================================================
        `group_id`     the project (Atlas also calls it group): 24 hexadecimal digits
        `name`         the Flex cluster's name
        `envelope`     True returns ``{"status": …, "content": {…}}`` as the API wraps it; a failure inside is
                       raised all the same. Default False
        `pretty`       True asks Atlas to indent its reply; the returned dict is the same. Default False
        `wait`         True returns only when it is IDLE again, with what the last look saw. Default False: at once,
                       with the reply as it is
        `timeout`      seconds for the whole call, retries and waiting included. Default None: 1800 with `wait`,
                       else only the client's `max_retry_time` bounds it
        `interval`     with `wait`: seconds between looks. Default None: 1, growing to 15
        `progress`     with `wait`: True shows a bar (on stderr, or as a widget), a callable gets a :class:`Poll`
                       for each look; what it raises ends the call. Default None
        `validate`     False sends what was given unchecked. Default True: every broken rule is a violation, all at
                       once, before anything is sent
        `extra_fields` a mapping that is sent as it is beside the rest, for fields that this version does not know.
                       Default None
        `**changes`    what can be changed, in the API's spelling or in snake_case: `tags` (all there are are
                       replaced; ``[]`` removes them), `termination_protection_enabled`
        ============== =============================================================================================

        Raises ValidationError (before anything is sent), NotFoundError, with `wait` WaitTimeoutError and
        WaitFailedError, RateLimitedError, another ApiError for each status and code, TransportError without a
        usable reply, AuthenticationError.

        >>> client.update_flex_cluster(group_id, "orders", tags={"env": "live"}, wait=True)["tags"]
        [{'key': 'env', 'value': 'live'}]

        Source: https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/operation/operation-updategroupflexcluster
        """

    def delete_serverless_instance(
        self,
        group_id: str,
        name: str,
        *,
        envelope: bool = False,
        pretty: bool = False,
        wait: bool = False,
        timeout: float | None = None,
        interval: float | None = None,
        progress: Progress = None,
    ) -> dict[str, Any]:
        """Delete a serverless instance; the result is what Atlas sent: an empty dict.

        Atlas retired this operation in January 2026: there it raises EndpointRetired, or deletes the Flex cluster of
        that name if the client was made with ``on_retired="flex"`` (the result is None then, as Atlas sent).

        One whose answer was lost is sent again; that it is gone by then is a success. With `wait`, one that Atlas
        accepted and then forgot is asked for again, and one that is being deleted already is waited for.

        ========== =================================================================================================
        `group_id` the project (Atlas also calls it group): 24 hexadecimal digits
        `name`     the serverless instance's name
        `envelope` True returns ``{"status": …, "content": {…}}`` as the API wraps it; a failure inside is raised
                   all the same. Default False
        `pretty`   True asks Atlas to indent its reply; the returned dict is the same. Default False
        `wait`     True returns only when it is gone, with what the last look saw. Default False: at once, with the
                   reply as it is
        `timeout`  seconds for the whole call, retries and waiting included. Default None: 1800 with `wait`, else
                   only the client's `max_retry_time` bounds it
        `interval` with `wait`: seconds between looks. Default None: 1, growing to 15
        `progress` with `wait`: True shows a bar (on stderr, or as a widget), a callable gets a :class:`Poll` for
                   each look; what it raises ends the call. Default None
        ========== =================================================================================================

        Raises ValidationError (before anything is sent), EndpointRetired, NotFoundError, BadRequestError where
        termination protection is on, with `wait` WaitTimeoutError, RateLimitedError, another ApiError for each
        status and code, TransportError without a usable reply, AuthenticationError.

        >>> client.delete_serverless_instance(group_id, "orders", wait=True)
        {}

        Source: https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/operation/operation-deleteserverlessinstance
        """

    def delete_flex_cluster(
        self,
        group_id: str,
        name: str,
        *,
        envelope: bool = False,
        pretty: bool = False,
        wait: bool = False,
        timeout: float | None = None,
        interval: float | None = None,
        progress: Progress = None,
    ) -> None:
        """Delete a Flex cluster; the result is what Atlas sent: nothing.

        One whose answer was lost is sent again; that it is gone by then is a success. With `wait`, one
        that is being deleted already is waited for.

        ========== =================================================================================================
        `group_id` the project (Atlas also calls it group): 24 hexadecimal digits
        `name`     the Flex cluster's name
        `envelope` True returns ``{"status": …, "content": {…}}`` as the API wraps it; a failure inside is raised
                   all the same. Default False
        `pretty`   True asks Atlas to indent its reply; the returned dict is the same. Default False
        `wait`     True returns only when it is gone, with what the last look saw. Default False: at once, with the
                   reply as it is
        `timeout`  seconds for the whole call, retries and waiting included. Default None: 1800 with `wait`, else
                   only the client's `max_retry_time` bounds it
        `interval` with `wait`: seconds between looks. Default None: 1, growing to 15
        `progress` with `wait`: True shows a bar (on stderr, or as a widget), a callable gets a :class:`Poll` for
                   each look; what it raises ends the call. Default None
        ========== =================================================================================================

        Raises ValidationError (before anything is sent), NotFoundError, BadRequestError where termination
        protection is on, with `wait` WaitTimeoutError, RateLimitedError, another ApiError for each status and code,
        TransportError without a usable reply, AuthenticationError.

        >>> client.delete_flex_cluster(group_id, "orders", wait=True)

        Source: https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/operation/operation-deletegroupflexcluster
        """

    def wait_for_serverless_instance(
        self,
        group_id: str,
        name: str,
        *,
        state: t.State | Literal["DELETED"] = "IDLE",
        timeout: float | None = 1800.0,
        interval: float | None = None,
        progress: Progress = None,
    ) -> t.ServerlessInstance:
        """Wait until a serverless instance is in a state; the dict is what the last look saw, None once it is deleted.

        A client made with ``on_retired="flex"`` looks for a Flex cluster of that name too.

        Passing trouble (a 502, a lost connection, REPAIRING) does not end it, the deadline does.

        ========== =================================================================================================
        `group_id` the project (Atlas also calls it group): 24 hexadecimal digits
        `name`     the serverless instance's name
        `state`    CREATING, IDLE, UPDATING, REPAIRING, DELETING, or DELETED for its absence. Default IDLE
        `timeout`  seconds. Default 1800; None is the same
        `interval` seconds between looks. Default None: 1, growing to 15
        `progress` True shows a bar (on stderr, or as a widget), a callable gets a :class:`Poll` for
                   each look; what it raises ends the call. Default None
        ========== =================================================================================================

        Raises ValidationError (before anything is sent), WaitTimeoutError, WaitFailedError (it is gone, or being
        deleted), RateLimitedError, another ApiError for each status and code, TransportError without a usable
        reply, AuthenticationError.

        >>> client.wait_for_serverless_instance(group_id, "orders")["stateName"]
        'IDLE'

        Source: https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/operation/operation-getserverlessinstance
        """

    def wait_for_flex_cluster(
        self,
        group_id: str,
        name: str,
        *,
        state: t.State | Literal["DELETED"] = "IDLE",
        timeout: float | None = 1800.0,
        interval: float | None = None,
        progress: Progress = None,
    ) -> t.FlexCluster:
        """Wait until a Flex cluster is in a state; the dict is what the last look saw, None once it is deleted.

        Passing trouble (a 502, a lost connection, REPAIRING) does not end it, the deadline does.

        ========== =================================================================================================
        `group_id` the project (Atlas also calls it group): 24 hexadecimal digits
        `name`     the Flex cluster's name
        `state`    CREATING, IDLE, UPDATING, REPAIRING, DELETING, or DELETED for its absence. Default IDLE
        `timeout`  seconds. Default 1800; None is the same
        `interval` seconds between looks. Default None: 1, growing to 15
        `progress` True shows a bar (on stderr, or as a widget), a callable gets a :class:`Poll` for
                   each look; what it raises ends the call. Default None
        ========== =================================================================================================

        Raises ValidationError (before anything is sent), WaitTimeoutError, WaitFailedError (it is gone, or being
        deleted), RateLimitedError, another ApiError for each status and code, TransportError without a usable
        reply, AuthenticationError.

        >>> client.wait_for_flex_cluster(group_id, "orders")["stateName"]
        'IDLE'

        Source: https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/operation/operation-getgroupflexcluster
        """

    def find(self, group_id: str, name: str) -> tuple[t.Kind, t.ServerlessInstance | t.FlexCluster]:
        """Look a name up on both paths: a pair of ``"flex"`` or ``"serverless"`` and its dict.

        A Flex cluster that was created as a serverless instance is on both; it is called what it is, a Flex
        cluster.

        ========== =================================================================================================
        `group_id` the project (Atlas also calls it group): 24 hexadecimal digits
        `name`     the name of either
        ========== =================================================================================================

        Raises ValidationError (before anything is sent), NotFoundError where neither path has it, RateLimitedError,
        another ApiError for each status and code, TransportError without a usable reply, AuthenticationError.

        >>> kind, cluster = client.find(group_id, "orders")
        >>> kind, cluster["name"]
        ('flex', 'orders')

        Source: https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/operation/operation-getgroupflexcluster
        """

    def list_projects(self, *, items_per_page: int = 500) -> Iterator[t.Project]:
        """List the projects that the credentials can see: an iterator of dicts that asks for page after page.

        ================ ===========================================================================================
        `items_per_page` 1 to 500, for each request. Default 500
        ================ ===========================================================================================

        Raises ValidationError (before anything is sent), UnauthorizedError, RateLimitedError, another ApiError for
        each status and code, TransportError without a usable reply, AuthenticationError.

        >>> [project["id"] == group_id for project in client.list_projects()]
        [True]

        Source: https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/operation/operation-listgroups
        """

    def get_project(self, group_id: str) -> t.Project:
        """Get a project, which the API calls group; the dict is what Atlas sent.

        ========== =================================================================================================
        `group_id` the project (Atlas also calls it group): 24 hexadecimal digits
        ========== =================================================================================================

        Raises ValidationError (before anything is sent), NotFoundError, UnauthorizedError, RateLimitedError,
        another ApiError for each status and code, TransportError without a usable reply, AuthenticationError.

        >>> client.get_project(group_id)["id"] == group_id
        True

        Source: https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/operation/operation-getgroup
        """

    def list_rate_limits(
        self,
        *,
        group_id: str | None = None,
        org_id: str | None = None,
        user_id: str | None = None,
        ip_address: str | None = None,
        name: str | None = None,
        endpoint_path: str | None = None,
        items_per_page: int = 500,
    ) -> Iterator[t.RateLimitEndpointSet]:
        """List the rate limits of the service: an iterator of dicts, one for each set of endpoints.

        ================ ===========================================================================================
        `group_id`       limits of this project
        `org_id`         limits of this organization
        `user_id`        limits of this user
        `ip_address`     limits of this address
        `name`           only the set of this name, such as ``"Flex Clusters"``
        `endpoint_path`  only the set that has this path
        `items_per_page` 1 to 500, for each request. Default 500
        ================ ===========================================================================================

        Raises ValidationError (before anything is sent), UnauthorizedError, RateLimitedError, another ApiError for
        each status and code, TransportError without a usable reply, AuthenticationError.

        >>> [limit["capacity"]["value"] for limit in client.list_rate_limits(group_id=group_id, name="Flex Clusters")]
        [1200]

        Source: https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/operation/operation-listratelimits
        """

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Extra = None,
        json: Any = None,
        api_version: str | None = None,
        timeout: float | None = None,
    ) -> Any:
        """Send any other operation of the API; what comes back is the JSON of the reply, or None.

        It has the same authentication, retries and errors as every other method.

        ============= ==============================================================================================
        `method`      GET, HEAD, POST, PUT, PATCH or DELETE; a POST or PATCH is sent again only where nothing of it
                      was sent
        `path`        from ``/api/``, without host and query
        `params`      query parameters, a mapping: flags become true and false, lists are repeated, None is left
                      out. Default None
        `json`        the body: anything that JSON can say. Default None: no body
        `api_version` a date, instead of the client's. Default None
        `timeout`     seconds for the whole call, retries included. Default None: the client's `max_retry_time`
                      bounds it
        ============= ==============================================================================================

        Raises ValidationError (before anything is sent), TypeError for what JSON cannot say, RateLimitedError,
        another ApiError for each status and code, TransportError without a usable reply, AuthenticationError.

        >>> client.request("GET", f"/api/atlas/v2/groups/{group_id}/clusters", params={"itemsPerPage": 5})["totalCount"]
        0

        Source: https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/
        """

    @property
    def rate_limits(self) -> list[dict[str, Any]]:
        """What is known of the service's rate limits, from the headers of past replies: a list of dicts.

        Each has `endpoint_set` (Atlas' name), `group_id` (None where the bucket is not a project's), `limit` and
        `remaining` (requests, None where Atlas did not say), `blocked_for` (seconds until the next request may be
        sent) and `age` (seconds since it was heard). Calls wait by themselves; nothing is sent by looking.
        """

    @property
    def with_raw_response(self) -> RawClient:
        """The same methods, each returning a :class:`Response` with status, headers and attempts beside the data.

        Lists yield one Response for each page. It shares everything with this client and ends with it.

        >>> client.with_raw_response.get_project(group_id).status
        200
        """

    @property
    def base_url(self) -> str:
        """Scheme, host and port of the service."""

    @property
    def default_group_id(self) -> str | None:
        """The project that the environment (`MONGODB_ATLAS_PROJECT_ID`) or the profile names, or None."""

    @property
    def credentials(self) -> Credentials:
        """Which credentials are used and where they were found; no secret is in it.

        `kind` is ``"service_account"``, ``"api_key"`` or ``"access_token"``, `id` the client id or public key (None for
        a token), `source` where they were found, `base_url` and `base_url_source` the same of the service. `explain()`
        is a text of several lines: everything that was looked at, in order, and whose certificates, which proxy and
        which token cache are used.

        >>> client.credentials.kind
        'service_account'
        """

    def close(self) -> None:
        """Revoke the token that this client alone holds, close connections and refuse further calls.

        Closing twice is fine, and nothing is raised: a token that cannot be revoked ends by itself within the hour.
        Leaving the client as a context manager does the same.
        """

    def __enter__(self) -> Self: ...
    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _traceback: TracebackType | None
    ) -> None: ...
    def __reduce__(self) -> Any: ...

def to_flex_spec(spec: Mapping[str, Any] | Sequence[str] | str, *, strict: bool = False) -> t.FlexConversion:
    """Convert a serverless create spec to a spec for `create_flex_cluster`. Pure: nothing is sent.

    It also takes an instance as the API returns it, and the arguments of ``atlas serverless create``. What comes
    back is a :class:`FlexConversion` with `spec`, `lost` (what Flex has nothing for) and `changed`. Warns
    (RegionWarning) where the region has no Flex, naming the nearest of the same provider that has.

    ======== ========================================================================================================
    `spec`   a mapping, in the API's spelling or in snake_case; or a command line: text, a list of words, or a
             mapping from its options to their values
    `strict` True: ValidationError if anything is lost. Default False
    ======== ========================================================================================================

    Raises ValidationError for what is no such spec.

    >>> from atlas_serverless import to_flex_spec
    >>> old = {"name": "orders", "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"}}
    >>> to_flex_spec(old).spec
    {'name': 'orders', 'providerSettings': {'backingProviderName': 'AWS', 'regionName': 'US_EAST_1'}}

    Source: https://www.mongodb.com/docs/atlas/flex-migration/
    """

@final
class Credentials:
    """The credentials that a client uses, without what is secret of them."""

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

# --- what the package itself uses ------------------------------------------------------------------------------------

@final
class Pages(Iterator[_T], Generic[_T]):
    """The iterator of a list operation: the client's entries one after another, or one `Response` a page.

    A list of an asynchronous client is driven by `next_page()`, whose result is a list, or None after the last page.
    """

    def __iter__(self) -> Self: ...
    def __next__(self) -> _T: ...
    def next_page(self) -> Pending:
        """The next page of an asynchronous client's list, as something pending."""

@final
class CreateResult:
    """How one operation of `create_many` ended."""

    @property
    def index(self) -> int:
        """Its place in the operations, from 0."""

    @property
    def operation(self) -> Mapping[str, Any]:
        """The operation as it was given."""

    @property
    def value(self) -> Any:
        """What the create returned; None after a failure."""

    @property
    def error(self) -> Exception | None:
        """What the create raised; None after a success."""

@final
class Creates:
    """The results of `create_many`, in the order in which they come."""

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
        """For an asynchronous client: all results that are at hand, or None after the last. None at hand: `wait()`."""

    def wait(self) -> Pending:
        """For an asynchronous client: something pending that ends when there are results."""

    def close(self) -> None:
        """End what is under way and take no further operation. Closing twice is fine."""

@final
class Mailbox:
    """The mailbox of one event loop."""

    def __new__(cls) -> Self: ...
    def __len__(self) -> int: ...
    def fileno(self) -> int:
        """The descriptor to watch."""

    def deliver(self) -> None:
        """Completes all that is ready. Called by the event loop."""

    def abandon(self) -> None:
        """Ends every call of a loop that is closed and will hear of none."""

@final
class Pending:
    """A call that runs: `future` to await, `cancel()` to end it."""

    @property
    def future(self) -> Any:
        """The asyncio future of the result."""

    @property
    def progress(self) -> Any:
        """What tells the caller's progress callable of each poll, if there is one."""

    def warn(self) -> None:
        """Issues what a call that has failed has to say beside its error."""

    def cancel(self) -> None:
        """Ends the call; its connection is closed if a reply is still to come."""

@final
class Noticed:
    """A result with warnings that are still to be issued."""

    def settle(self) -> Any:
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
    def url(self) -> str: ...
    def description(self) -> dict[str, str]: ...
    def requests(self) -> list[dict[str, Any]]: ...
    def reset(self) -> None: ...
    def control(self, method: str, path: str, body: Any = None) -> Any:
        """`LookupError` for what is not there, `ValueError` for an order that makes no sense."""

    def stop(self) -> None: ...

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
    server took it), `folder` (None if tokens are not shared), `others` (base URL, client id and end of those that
    remain)."""

def forget_tokens(*, token_cache: str | PathLike[str] | None = None) -> dict[str, Any]:
    """Remove every cached token without telling the server: for a machine that has no credentials any more."""
