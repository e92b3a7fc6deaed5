"""The exceptions: the table in both directions, which class for which reply, the module itself."""

from __future__ import annotations

import builtins
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from atlas_serverless import errors
from atlas_serverless.errors import _builders as build
from error_samples import PATH, ROOT, ROWS, STATUS_CLASSES, TABLE, URL, class_name, kinds, run_python

# --- the table -----------------------------------------------------------------------------------------------------


def test_every_code_has_its_class_under_its_status() -> None:
    assert len(TABLE) == 761
    for code, status, basis in TABLE:
        cls = getattr(errors, class_name(code))
        assert issubclass(cls, STATUS_CLASSES[status])
        assert (cls.__name__, cls.__module__) == (class_name(code), "atlas_serverless.errors")
        assert (cls.error_code, cls.status) == (code, status)
        assert f"``{code}``, HTTP {status}." in cls.__doc__
        assert f"Basis: {basis}" in cls.__doc__
        assert "Atlas Administration API Error Codes" in cls.__doc__
        assert type(build.api_error(status=status, error_code=code)) is cls


def test_the_advice_of_a_code_is_in_its_docstring() -> None:
    advised = 0
    for row in ROWS:
        doc = " ".join((getattr(errors, class_name(row["error_code"])).__doc__ or "").split())
        advice = row["advice"].replace("{address}", "this machine's address")
        advised += bool(advice)
        assert f"{advice[:1].upper()}{advice[1:]}." in doc
    assert advised == 29


def test_the_class_of_a_code_is_its_parts_capitalised() -> None:
    names = {
        "NO_GROUP_SSH_KEY": "NoGroupSshKey",
        "DUPLICATE_CLUSTER_NAME": "DuplicateClusterName",
        "BACKUP_S3_TOS_NOT_ACCEPTED": "BackupS3TosNotAccepted",
        "VALIDATION_ERROR": "ServerValidationError",
        "UNEXPECTED_ERROR": "UnexpectedError",
    }
    assert {code: class_name(code) for code in names} == names
    for code, _, _ in TABLE:
        assert code == "VALIDATION_ERROR" or class_name(code).upper() == code.replace("_", "")


def test_every_class_with_a_code_is_in_the_table() -> None:
    codes = {code for code, _, _ in TABLE}
    named: dict[str, Any] = {name: getattr(errors, name) for name in dir(errors)}
    # The one class that is made of a code's class and has the same code.
    assert named.pop("WaitNotFoundError").error_code == "CLUSTER_NOT_FOUND"
    with_code = [found.error_code for found in named.values() if getattr(found, "error_code", None)]
    assert sorted(with_code) == sorted(codes)


def test_no_name_is_taken_twice() -> None:
    names = [class_name(code) for code, _, _ in TABLE]
    tree = {cls.__name__ for cls in [*kinds(errors.AtlasError), *kinds(errors.AtlasWarning)]}
    assert len(set(names)) == len(names)
    assert not set(names) & (tree | set(dir(builtins)))
    assert all(name.isidentifier() for name in names)


@pytest.mark.parametrize("status", [400, 401, 404, 409, 410, 418, 429, 500, 502, 599])
def test_the_status_decides_before_the_code(status: int) -> None:
    expected = STATUS_CLASSES.get(status, errors.ServerError if status >= 500 else errors.ApiError)
    for code in [*(code for code, own, _ in TABLE if own != status), "A_CODE_OF_TOMORROW", "", None]:
        error = build.api_error(status=status, error_code=code)
        assert type(error) is expected
        assert (error.status, error.error_code) == (status, code or None)


def test_the_generated_files_are_up_to_date() -> None:
    script = ROOT / "scripts/generate_error_codes.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_wrong_name_is_an_attribute_error() -> None:
    assert not hasattr(errors, "NoSuchCode")
    with pytest.raises(AttributeError, match=r"module 'atlas_serverless\.errors' has no attribute 'NoSuchCode'"):
        getattr(errors, "NoSuchCode")  # noqa: B009
    with pytest.raises(ImportError):
        exec("from atlas_serverless.errors import NoSuchCode")


def test_completion_knows_every_class() -> None:
    assert {class_name(code) for code, _, _ in TABLE} <= set(dir(errors))
    assert {"AtlasError", "DuplicateClusterName", "RegionWarning"} <= set(dir(errors))


def test_one_class_however_many_threads_ask_first() -> None:
    vars(errors).pop("OutOfCapacity", None)
    found: list[type] = []
    start = threading.Barrier(8)

    def ask() -> None:
        start.wait()
        found.append(errors.OutOfCapacity)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert set(found) == {errors.OutOfCapacity}


# --- the classes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "name", "reason"),
    [
        (400, "VALIDATION_ERROR", "ServerValidationError", "Bad Request"),
        (401, "NOT_ORG_GROUP_CREATOR", "NotOrgGroupCreator", "Unauthorized"),
        (402, "NO_PAYMENT_INFORMATION_FOUND", "NoPaymentInformationFound", "Payment Required"),
        (403, "CANNOT_CHANGE_GROUP_NAME", "CannotChangeGroupName", "Forbidden"),
        (404, "RESOURCE_NOT_FOUND", "ResourceNotFound", "Not Found"),
        (
            409,
            "CANNOT_DELETE_ORG_ACTIVE_LIVE_MIGRATION_ATLAS_ORG_LINK",
            "CannotDeleteOrgActiveLiveMigrationAtlasOrgLink",
            "Conflict",
        ),
        (500, "UNEXPECTED_ERROR", "UnexpectedError", "Internal Server Error"),
    ],
)
def test_the_example_errors_of_the_operations_page(status: int, code: str, name: str, reason: str) -> None:
    detail = "(This is just an example, the exception may not be related to this endpoint)"
    error = build.api_error(
        status=status, error_code=code, detail=detail, reason=reason, method="POST", url=URL, parameters=["x", 1]
    )
    assert type(error).__name__ == name
    assert isinstance(error, STATUS_CLASSES[status])
    assert (error.status, error.error_code, error.detail, error.reason) == (status, code, detail, reason)
    assert (error.parameters, error.method, error.url) == (["x", 1], "POST", URL)
    assert str(error) == f"POST {PATH} answered {status} {code}: {detail}"


def test_a_401_with_the_code_of_a_500_is_unauthorized() -> None:
    recording = (ROOT / "tests/fixtures/recordings/digest-challenge-401.http").read_text(encoding="utf-8")
    head, _, body = recording.replace("\r\n", "\n").partition("\n\n")
    said = json.loads(body)
    headers = [(line.partition(":")[0], line.partition(":")[2].strip()) for line in head.splitlines()[1:]]
    error = build.api_error(
        status=401, error_code=said["errorCode"], detail=said["detail"], reason=said["reason"], headers=headers
    )
    assert type(error) is errors.UnauthorizedError
    assert error.error_code == "UNEXPECTED_ERROR"
    assert error.headers["www-AUTHENTICATE"].startswith('Digest realm="MMS Public API"')
    assert str(error) == "the service answered 401 UNEXPECTED_ERROR: You are not authorized for this resource"


def test_a_refusal_is_caught_before_and_after_the_network() -> None:
    local = build.validation_error(violations=[{"path": "name", "message": "is required", "value": None, "rule": "r"}])
    remote = build.api_error(
        status=400, error_code="VALIDATION_ERROR", violations=[{"field": "name", "description": "must not be null"}]
    )
    assert type(remote).__bases__ == (errors.BadRequestError, errors.ValidationError)
    for error in (local, remote):
        with pytest.raises(errors.ValidationError):
            raise error
        assert isinstance(error, ValueError)
    assert remote.violations == [{"path": "name", "message": "must not be null", "value": None, "rule": "server"}]
    assert local.violations == [{"path": "name", "message": "is required", "value": None, "rule": "r"}]


def test_transport_errors_are_the_builtin_ones_too() -> None:
    pairs = {
        "connect": (errors.ConnectError, ConnectionError),
        "timeout": (errors.RequestTimeoutError, TimeoutError),
        "protocol": (errors.ProtocolError, errors.TransportError),
        "broken": (errors.TransportError, errors.AtlasError),
        "outcome_unknown": (errors.OutcomeUnknownError, errors.TransportError),
        "of tomorrow": (errors.TransportError, errors.AtlasError),
    }
    for kind, (cls, also) in pairs.items():
        error = build.transport_error(kind=kind, message="m", attempts=2, elapsed=1.5, status=200, name="n")
        assert type(error) is cls
        assert isinstance(error, also)
        assert (error.cause, error.attempts, error.elapsed) == ("m", 2, 1.5)
    for one in (errors.ConnectError("text"), errors.RequestTimeoutError("text"), errors.WaitTimeoutError("text")):
        assert isinstance(one, OSError)
        assert (one.errno, one.strerror, one.args, str(one)) == (None, None, ("text",), "text")
    assert isinstance(build.wait_error(kind="timeout"), TimeoutError)
    assert not isinstance(build.wait_error(kind="failed"), OSError)


def test_a_gone_version_is_a_retired_endpoint() -> None:
    gone = build.api_error(status=410, error_code="VERSION_GONE")
    assert type(gone) is errors.VersionGone
    assert isinstance(gone, errors.EndpointRetired)
    assert isinstance(gone, errors.GoneError)
    missing = build.api_error(
        status=404, error_code="RESOURCE_NOT_FOUND", endpoint_retired=True, method="POST", url=URL
    )
    assert type(missing) is errors.EndpointRetired
    assert missing.status == 404
    assert str(missing) == (
        f"POST {PATH} answered 404 RESOURCE_NOT_FOUND; Atlas retired this endpoint in January 2026: "
        'use create_flex_cluster, or pass on_retired="flex"'
    )
    assert type(build.api_error(status=410, error_code="PERSONAL_API_KEYS_DEPRECATED")).__mro__[1] is errors.GoneError


def test_exceptions_can_be_made_by_hand() -> None:
    """Users make exceptions for tests of their own code: a message is enough, facts are keywords."""
    for cls in kinds(errors.AtlasError):
        assert str(cls("text")) == "text"
        assert repr(cls("text")) == f"{cls.__name__}('text')"
        assert str(cls())
        with pytest.raises(TypeError, match=r"got an unexpected keyword argument 'stauts'"):
            cls(stauts=1)
    error = errors.DuplicateClusterName(detail="There is one", parameters=("a",), retry_after=2)
    assert (error.status, error.error_code, error.parameters, error.retry_after) == (
        400,
        "DUPLICATE_CLUSTER_NAME",
        ["a"],
        2,
    )
    assert str(error) == "the service answered 400 DUPLICATE_CLUSTER_NAME: There is one; asked to wait 2 s"
    assert (dict(errors.ApiError().headers), errors.ApiError().violations) == ({}, [])

    class Mine(errors.NotFoundError):
        ticket: int = 0

    facts: dict[str, Any] = {"ticket": 7}
    assert (Mine("text", **facts).ticket, Mine().status) == (7, 404)


def test_headers_ignore_case_and_hide_cookies() -> None:
    error = build.api_error(
        status=429, headers=[("Retry-After", "3"), ("X-A", "1"), ("x-a", "2"), ("Set-Cookie", "session=1")]
    )
    assert error.headers["retry-after"] == error.headers["RETRY-AFTER"] == "3"
    assert dict(error.headers) == {"retry-after": "3", "x-a": "1, 2", "set-cookie": "******"}
    assert ("Retry-After" in error.headers, "nothing" in error.headers, error.headers.get("nothing")) == (
        True,
        False,
        None,
    )
    assert error.headers.pairs()[1:3] == (("X-A", "1"), ("x-a", "2"))


# --- the module ------------------------------------------------------------------------------------------------------


def test_the_tree_in_the_docstring_names_every_class() -> None:
    assert errors.__doc__
    for cls in [*kinds(errors.AtlasError), *kinds(errors.AtlasWarning)]:
        assert cls.__name__ in errors.__doc__
        assert cls.__doc__


def test_warnings_are_shown_by_default() -> None:
    for cls in kinds(errors.AtlasWarning):
        code = f"import warnings; from atlas_serverless.errors import {cls.__name__} as W; warnings.warn('seen', W)"
        assert f"{cls.__name__}: seen" in run_python("-c", code).stderr


CLASS_MODULES = ["atlas_serverless.errors", "atlas_serverless.errors._api", "atlas_serverless.errors._base"]


def test_the_import_is_cheap(tmp_path: Path) -> None:
    """Below a millisecond over the package itself, and neither table nor texts nor typing are read for it."""
    code = (
        "import gc, sys, time, __future__, atlas_serverless\n"
        "gc.disable()\n"  # a collection that falls due just now goes through the whole process
        "before, start = set(sys.modules), time.thread_time()\n"
        "import atlas_serverless.errors\n"
        "print(time.thread_time() - start, *sorted(set(sys.modules) - before))"
    )
    times = []
    for _ in range(40):  # processor time, and the quickest: what other processes take is not ours
        seconds, *modules = run_python("-c", code, pycache=tmp_path).stdout.split()
        assert modules == CLASS_MODULES
        times.append(float(seconds))
        if min(times) < 0.001:
            break
    assert min(times) < 0.001
