"""Every exception and warning of atlas-serverless.

::

    AtlasError                                .hint
    ├─ ConfigurationError                     credentials, base URL or options that cannot be used
    ├─ ValidationError (also ValueError)      .violations: all at once, before anything is sent
    ├─ TransportError                         .cause .attempts .elapsed .method .url
    │   ├─ ConnectError (also ConnectionError)
    │   ├─ RequestTimeoutError (also TimeoutError)
    │   ├─ ProtocolError                      .status .body_start
    │   └─ OutcomeUnknownError                .operation .name .group_id
    ├─ ApiError                               .status .error_code .detail .reason .parameters .violations .method .url
    │   │                                     .attempts .elapsed .headers .retryable .retry_after .body_start
    │   ├─ BadRequestError 400                ServerValidationError (also ValidationError): VALIDATION_ERROR
    │   ├─ UnauthorizedError 401, PaymentRequiredError 402, ForbiddenError 403, NotFoundError 404
    │   ├─ MethodNotAllowedError 405, NotAcceptableError 406, ConflictError 409
    │   ├─ GoneError 410                      EndpointRetired: the endpoint itself is gone
    │   ├─ RateLimitedError 429               .retry_after
    │   ├─ ServerError 5xx                    InternalServerError 500, BadGatewayError 502, ServiceUnavailableError 503,
    │   │                                     GatewayTimeoutError 504
    │   └─ one class for each documented error code, under its status:
    │      DUPLICATE_CLUSTER_NAME → DuplicateClusterName(BadRequestError)
    ├─ AuthenticationError                    .error .error_description .status .attempts .elapsed
    └─ WaitError                              .last_state .polls .elapsed .last_error .result .deleted
        ├─ WaitTimeoutError (also TimeoutError)
        └─ WaitFailedError
            └─ WaitNotFoundError (also ClusterNotFound): nothing has the name

    AtlasWarning (UserWarning, so shown by default)
    └─ EndpointDeprecatedWarning, RegionWarning, FieldIgnoredWarning, CredentialWarning, ConversionWarning,
       AccessListWarning

The class of an error code is its parts, each capitalised: ``NO_GROUP_SSH_KEY`` is :class:`NoGroupSshKey`. These classes
are created on first access. The HTTP status decides first: a code that is unknown, or met under a status
that is not its own, gets the class of the status and keeps ``.error_code``. Two codes are exceptions:
``VALIDATION_ERROR`` is :class:`ServerValidationError`, ``VERSION_GONE`` is a kind of :class:`EndpointRetired`.

Every exception can be constructed with a message alone (for tests of your own code), can be pickled and copied with
all its attributes, and prints one sentence without secrets. The list of codes: https://www.mongodb.com/docs/atlas/reference/
api-errors/ (the page “Atlas Administration API Error Codes”).
"""

from __future__ import annotations

from ._api import (
    ApiError,
    BadGatewayError,
    BadRequestError,
    ConflictError,
    EndpointRetired,
    ForbiddenError,
    GatewayTimeoutError,
    GoneError,
    InternalServerError,
    MethodNotAllowedError,
    NotAcceptableError,
    NotFoundError,
    PaymentRequiredError,
    RateLimitedError,
    ServerError,
    ServiceUnavailableError,
    UnauthorizedError,
)
from ._base import (
    AtlasError,
    AuthenticationError,
    ConfigurationError,
    ConnectError,
    OutcomeUnknownError,
    ProtocolError,
    RequestTimeoutError,
    TransportError,
    ValidationError,
    WaitError,
    WaitFailedError,
    WaitTimeoutError,
    _rebuild,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "AccessListWarning",
    "ApiError",
    "AtlasError",
    "AtlasWarning",
    "AuthenticationError",
    "BadGatewayError",
    "BadRequestError",
    "ConfigurationError",
    "ConflictError",
    "ConnectError",
    "ConversionWarning",
    "CredentialWarning",
    "EndpointDeprecatedWarning",
    "EndpointRetired",
    "FieldIgnoredWarning",
    "ForbiddenError",
    "GatewayTimeoutError",
    "GoneError",
    "InternalServerError",
    "MethodNotAllowedError",
    "NotAcceptableError",
    "NotFoundError",
    "OutcomeUnknownError",
    "PaymentRequiredError",
    "ProtocolError",
    "RateLimitedError",
    "RegionWarning",
    "RequestTimeoutError",
    "ServerError",
    "ServiceUnavailableError",
    "TransportError",
    "UnauthorizedError",
    "ValidationError",
    "WaitError",
    "WaitFailedError",
    "WaitNotFoundError",
    "WaitTimeoutError",
]


class AtlasWarning(UserWarning):
    """Base of every warning of atlas-serverless; a UserWarning, and so shown by default.

    Where a filter turns warnings into exceptions, `result` is what the call would have returned: a create that warns
    has created. None where nothing was sent yet.
    """

    result: Any = None


class EndpointDeprecatedWarning(AtlasWarning):
    """The service announced the end of an endpoint (`Deprecation`, `Sunset`), or ended it. Once per endpoint."""


class RegionWarning(AtlasWarning):
    """A region that this version does not know for the provider. It is sent all the same."""


class FieldIgnoredWarning(AtlasWarning):
    """The service ignored a field: the message names the field, the requested value and the value there is."""


class CredentialWarning(AtlasWarning):
    """Credentials that contradict each other, or a file with secrets that other users can read."""


class ConversionWarning(AtlasWarning):
    """What a conversion from a serverless instance to a Flex cluster loses or changes."""


class AccessListWarning(AtlasWarning):
    """A project's IP access list lets every address in, or none."""


for _public in (_rebuild, *(globals()[name] for name in __all__ if name in globals())):
    _public.__module__ = __name__  # where users import it from, and where pickles look for it


def __getattr__(name: str) -> Any:
    """The class of a documented error code, created on first access, or the one that is made of such a class."""
    if name == "WaitNotFoundError":
        from ._missing import WaitNotFoundError

        WaitNotFoundError.__module__ = __name__
        return globals().setdefault(name, WaitNotFoundError)
    if not name.startswith("_"):
        from ._code_classes import class_named

        found = class_named(name)
        if found is not None:
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    from ._codes import NAMES

    return sorted({*__all__, *NAMES})
