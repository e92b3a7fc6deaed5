"""The sentence of each exception, what may not stand in it, and that pickles and copies lose nothing."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atlas_serverless import errors
from atlas_serverless.errors import _builders as build
from atlas_serverless.errors import _text
from error_samples import SENTENCES, TABLE, class_name, kinds, run_python


@pytest.mark.parametrize(("error", "sentence"), SENTENCES, ids=[type(error).__name__ for error, _ in SENTENCES])
def test_the_text_of_each_exception(error: errors.AtlasError, sentence: str) -> None:
    assert str(error) == sentence
    assert error.args == (sentence,)
    assert ("\n" in str(error)) is (" rules:" in sentence)  # a list has a line for each item


def test_long_lists_are_cut() -> None:
    violations = [{"path": f"tags[{n}].key", "message": "m" * 900} for n in range(60)]
    text = str(build.validation_error(violations=violations))
    assert text.startswith("the request breaks 60 rules:\n  tags[0].key: mmm")
    assert text.endswith("\n  and 40 more")
    assert len(text) < 7000


def test_redaction_leaves_the_sentence_around_a_secret() -> None:
    for before, after in [
        ("a secret (mdb_sa_sk_abc123): give it as client_secret", "a secret (******): give it as client_secret"),
        ("a secret (mdb_sa_sk_) give it as client_secret", "a secret (mdb_sa_sk_) give it as client_secret"),
        ("'mdb_sa_sk_abc-1.2', and more", "'******', and more"),
    ]:
        assert _text.without_secrets(before) == after


SECRETS = [
    "mdb_sa_sk_Abc-123_xyz",
    "eyJhbGciOiJFUzUxMiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "hunter2hunter2",
]


def test_no_secret_is_printed_or_kept() -> None:
    client_secret, token, password = SECRETS
    said = f"client_secret={client_secret}&x Authorization: Bearer {token} https://u:{password}@host/ {client_secret}"
    url = (
        f"https://user:{password}@cloud.mongodb.com/api?access_token={token}&pretty=true&private_key={password}#{token}"
    )
    made: list[Any] = [
        build.api_error(status=401, detail=said, hint=said, url=url, body_start=said),
        build.api_error(status=502, body_start=said, headers=[("Set-Cookie", token), ("Authorization", password)]),
        build.transport_error(kind="connect", message=said, url=url, hint=said),
        build.transport_error(kind="protocol", message=said, url=url, body_start=said),
        build.authentication_error(error="invalid_client", error_description=said, hint=said, message=said),
        build.wait_error(kind="failed", message=said, last_error=said),
        build.configuration_error(message=said, hint=said),
    ]
    for error in made:
        everything = " ".join([str(error), repr(error), repr(vars(error)), repr(pickle.dumps(error))])
        assert not [secret for secret in SECRETS if secret in everything], everything
    assert str(build.configuration_error(message="no Basic authentication")) == "no Basic authentication"
    assert made[0].url == "https://cloud.mongodb.com/api?access_token=******&pretty=true&private_key=******"


def examples() -> list[errors.AtlasError]:
    by_hand = [cls("text") for cls in kinds(errors.AtlasError)] + [cls() for cls in kinds(errors.AtlasError)]
    codes = [getattr(errors, class_name(code))(detail="d", headers={"A": "b"}) for code, _, _ in TABLE]
    return [*by_hand, *(error for error, _ in SENTENCES), *codes]


@pytest.mark.parametrize("how", [*range(pickle.HIGHEST_PROTOCOL + 1), copy.copy, copy.deepcopy])
def test_every_exception_comes_back_whole(how: int | Callable[[Any], Any]) -> None:
    for error in examples():
        error.add_note("a note") if hasattr(error, "add_note") else None
        again = how(error) if callable(how) else pickle.loads(pickle.dumps(error, how))
        assert type(again) is type(error)
        assert (again.args, str(again), vars(again)) == (error.args, str(error), vars(error))
        assert vars(again) is not vars(error)


def test_a_pickle_is_read_by_a_fresh_process(tmp_path: Path) -> None:
    error = build.api_error(status=409, error_code="NO_GROUP_SSH_KEY", detail="d", headers=[("A", "b")], method="GET")
    network = build.transport_error(kind="connect", message="refused", attempts=3, elapsed=1.5)
    (tmp_path / "errors.pickle").write_bytes(pickle.dumps([error, network]))
    code = (
        "import pickle, sys\n"
        "error, network = pickle.load(open(sys.argv[1], 'rb'))\n"
        "print(type(error).__name__, type(error).__bases__[0].__name__, error, error.headers['a'], network.attempts)"
    )
    done = run_python("-c", code, str(tmp_path / "errors.pickle"))
    assert done.stdout == "NoGroupSshKey ConflictError GET answered 409 NO_GROUP_SSH_KEY: d b 3\n"


def test_what_cannot_be_pickled_becomes_a_text() -> None:
    given = {"a": threading.Lock(), "b": [1, 2.5, None, True, {3, 4}], "c": ("x",)}
    cycle: list[object] = []
    cycle.append(cycle)
    error = build.validation_error(
        violations=[{"path": "p", "message": "m", "value": given}, {"path": "q", "message": "m", "value": cycle}]
    )
    assert error.violations[0]["value"] == {"a": "<lock>", "b": [1, 2.5, None, True, "<set>"], "c": ["x"]}
    assert pickle.loads(pickle.dumps(error)).violations == error.violations
