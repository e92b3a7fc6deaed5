"""The checker itself: it accepts every recorded reply of the operations described, and refuses a wrong one."""

import pathlib

import openapi
import pytest

RECORDINGS = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "recordings"
OPERATION = {
    "flex-create": "createGroupFlexCluster",
    "flex-get": "getGroupFlexCluster",
    "flex-list": "listGroupFlexClusters",
    "flex-delete": "deleteGroupFlexCluster",
    "serverless-create": "createServerlessInstance",
    "serverless-get": "getServerlessInstance",
    "serverless-list": "listServerlessInstances",
    "serverless-update": "updateServerlessInstance",
    "serverless-delete": "deleteServerlessInstance",
    "digest-challenge": "getGroup",
    "group-not": "getGroup",
}


def recorded(path):
    head, _, body = path.read_bytes().replace(b"\r\n", b"\n").partition(b"\n\n")
    status, *headers = head.decode().splitlines()
    return int(status.split()[1]), dict(line.split(": ", 1) for line in headers)["Content-Type"], body.decode().strip()


@pytest.mark.parametrize(
    "path",
    [p for p in sorted(RECORDINGS.glob("*.http")) if "-".join(p.stem.split("-")[:2]) in OPERATION],
    ids=lambda p: p.stem,
)
def test_a_recorded_reply_is_accepted(path):
    openapi.check_reply(OPERATION["-".join(path.stem.split("-")[:2])], *recorded(path))


def test_a_wrong_reply_is_refused():
    good = recorded(RECORDINGS / "flex-get-200.http")
    wrong = (
        good[2].replace('"diskSizeGB":5.0', '"diskSizeGB":"5"'),
        good[2].replace("2026-08-10T03:02:55Z", "yesterday"),
    )
    for body in wrong:
        assert body != good[2]
        with pytest.raises(AssertionError, match="is not what the API's description says"):
            openapi.check_reply("getGroupFlexCluster", 200, good[1], body)
