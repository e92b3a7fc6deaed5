"""What the tests of the exceptions share: the table of codes, the tree, one error of each kind with its sentence."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from atlas_serverless import errors
from atlas_serverless.errors import _builders as build
from atlas_serverless.errors._codes import CODES

ROOT = Path(__file__).resolve().parent.parent.parent
GROUP = "32b6e34b3d91647abb20e7b8"
URL = f"https://cloud.mongodb.com/api/atlas/v2/groups/{GROUP}/serverless"
PATH = f"/api/atlas/v2/groups/{GROUP}/serverless"
STATUS_CLASSES = {
    400: errors.BadRequestError,
    401: errors.UnauthorizedError,
    402: errors.PaymentRequiredError,
    403: errors.ForbiddenError,
    404: errors.NotFoundError,
    405: errors.MethodNotAllowedError,
    406: errors.NotAcceptableError,
    409: errors.ConflictError,
    410: errors.GoneError,
    429: errors.RateLimitedError,
    500: errors.InternalServerError,
    502: errors.BadGatewayError,
    503: errors.ServiceUnavailableError,
    504: errors.GatewayTimeoutError,
}
with (ROOT / "src/core/error/codes.csv").open(newline="", encoding="utf-8") as file:
    ROWS = list(csv.DictReader(file))
TABLE = [(row["error_code"], int(row["http_status"]), row["basis"]) for row in ROWS]


def class_name(code: str) -> str:
    """As the generator wrote it; that it is right, examples in the tests say."""
    return CODES[code][0]


def kinds(base: type) -> list[Any]:
    """The class and all below it that the tree has without the code classes."""
    every: list[Any] = base.__subclasses__()
    below = [one for one in every if one.__module__ == errors.__name__ and "error_code" not in vars(one)]
    return [base, *(kind for one in below for kind in kinds(one))]


def run_python(*args: str, pycache: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter that finds the package where this one did."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
    environment["PYTHONPATH"] = str(Path(errors.__file__).parents[2])
    if pycache:
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        environment["PYTHONPYCACHEPREFIX"] = str(pycache)
    return subprocess.run([sys.executable, *args], capture_output=True, text=True, check=True, env=environment)


SENTENCES: list[tuple[errors.AtlasError, str]] = [
    (
        build.api_error(
            status=400,
            error_code="DUPLICATE_CLUSTER_NAME",
            detail=f"A cluster named orders is already present in group {GROUP}.",
            method="POST",
            url=URL + "?pretty=true",
            attempts=2,
            elapsed=3.25,
            violations=[{"path": "providerSettings.regionName", "message": "asked US_EAST_1, there is US_WEST_2"}],
            hint='choose another name, or pass if_exists="return".',
        ),
        f"POST {PATH} answered 400 DUPLICATE_CLUSTER_NAME: A cluster named orders is already present in group {GROUP}; "
        "providerSettings.regionName: asked US_EAST_1, there is US_WEST_2; tried 2 times in 3.2 s; "
        'choose another name, or pass if_exists="return"',
    ),
    (
        build.api_error(
            status=502,
            reason="Bad Gateway",
            body_start="<html>\r\n<head>" + "x" * 500,
            method="GET",
            url=URL,
            attempts=1,
        ),
        f"GET {PATH} answered 502 Bad Gateway; the body is not the API's own: '<html> <head>"
        + ("x" * 106 + "…'; the server is cloud.mongodb.com:443"),
    ),
    (
        build.api_error(
            status=400,
            error_code="VALIDATION_ERROR",
            detail="Validation error.",
            method="POST",
            url=URL,
            violations=[{"field": "name", "description": "is too long."}, {"field": "tags", "description": "are many"}],
            hint="correct them",
        ),
        f"POST {PATH} answered 400 VALIDATION_ERROR: Validation error; the request breaks 2 rules:\n"
        "  name: is too long\n  tags: are many\ncorrect them",
    ),
    (
        build.api_error(
            status=429, error_code="RATE_LIMITED", method="GET", url=URL, retry_after=40, attempts=6, elapsed=181
        ),
        f"GET {PATH} answered 429 RATE_LIMITED; asked to wait 40 s; tried 6 times in 181 s",
    ),
    (
        build.transport_error(
            kind="connect",
            message="no connection (Connection refused (os error 111))",
            method="POST",
            url=URL,
            attempts=6,
            elapsed=31.04,
        ),
        f"POST {PATH}: no connection (Connection refused (os error 111)); "
        "the server is cloud.mongodb.com:443; tried 6 times in 31 s",
    ),
    (
        build.transport_error(kind="timeout", message="no reply within 60 s", method="GET", url=URL),
        f"GET {PATH}: no reply within 60 s; the server is cloud.mongodb.com:443",
    ),
    (
        build.transport_error(
            kind="protocol",
            message="the reply is HTML or XML, not JSON",
            method="GET",
            url=URL,
            status=200,
            body_start="<html>login</html>",
        ),
        f"GET {PATH}: the reply is HTML or XML, not JSON; status 200; the body starts with '<html>login</html>'; "
        "the server is cloud.mongodb.com:443",
    ),
    (
        build.transport_error(
            kind="outcome_unknown",
            message=f"Whether the serverless instance orders was created in project {GROUP} is unknown (the connection "
            "broke; looking it up failed: no connection). Look it up before creating it again.",
            method="POST",
            url=URL,
            attempts=3,
            elapsed=12.0,
            operation="createServerlessInstance",
            name="orders",
            group_id=GROUP,
        ),
        f"Whether the serverless instance orders was created in project {GROUP} is unknown (the connection broke; "
        "looking it up failed: no connection). Look it up before creating it again",
    ),
    (
        errors.OutcomeUnknownError(
            operation="createServerlessInstance", name="orders", group_id=GROUP, cause="it broke", attempts=2, elapsed=3
        ),
        f"createServerlessInstance 'orders' in project {GROUP} may or may not have been carried out: it broke; tried 2 "
        "times in 3 s; look for 'orders' before you create it again, or call again with if_exists=\"return\"",
    ),
    (
        build.validation_error(violations=[{"path": "tags[3].key", "message": "is longer than 255 characters"}]),
        "tags[3].key: is longer than 255 characters",
    ),
    (
        build.validation_error(
            violations=[
                {"path": "name", "message": "is required."},
                {"path": "regionName", "message": "is not a field; did you mean providerSettings.regionName?"},
                {"path": "tags[3].key", "message": "is longer than 255 characters"},
            ]
        ),
        "the request breaks 3 rules:\n  name: is required\n  regionName: is not a field; did you mean "
        "providerSettings.regionName?\n  tags[3].key: is longer than 255 characters",
    ),
    (
        build.authentication_error(
            error="invalid_client",
            error_description="The client is unknown.",
            status=401,
            hint="the service account mdb_sa_id_0123 comes from MONGODB_ATLAS_CLIENT_ID",
        ),
        "access was refused with 401 invalid_client: The client is unknown; "
        "the service account mdb_sa_id_0123 comes from MONGODB_ATLAS_CLIENT_ID",
    ),
    (
        build.authentication_error(
            message="the challenge asks for SHA-512, which this client does not know", attempts=2
        ),
        "the challenge asks for SHA-512, which this client does not know; tried 2 times in 0 s",
    ),
    (
        build.wait_error(
            kind="timeout",
            message="The serverless instance orders did not become IDLE: the time is up (last seen CREATING)",
            last_state="CREATING",
            polls=7,
            elapsed=30.0,
            last_error="502 Bad Gateway",
            hint="wait again: nothing was undone",
        ),
        "The serverless instance orders did not become IDLE: the time is up (last seen CREATING); "
        "wait again: nothing was undone",
    ),
    (
        errors.WaitTimeoutError(last_state="CREATING", polls=7, elapsed=30, last_error="502 Bad Gateway"),
        "the wanted state was not reached in time; last state CREATING; polled 7 times in 30 s; "
        "last error: 502 Bad Gateway",
    ),
    (
        build.wait_error(kind="failed", polls=1, elapsed=0.5),
        "the wanted state was not reached and cannot be any more; no state was seen; polled once in 0.5 s",
    ),
    (
        build.configuration_error(message="half a pair: MONGODB_ATLAS_CLIENT_ID is set"),
        "half a pair: MONGODB_ATLAS_CLIENT_ID is set",
    ),
]
