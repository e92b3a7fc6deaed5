"""Files that someone names: regular ones only and up to a size, whoever names them.

A pipe that nobody writes to, a device without end and a file of a terabyte are in each place.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import systems
from atlas_serverless import Emulator

if sys.platform == "win32":
    pytest.skip("pipes and devices of Unix", allow_module_level=True)

HEAD = """
import sys
from atlas_serverless import Client, Emulator, errors
from atlas_serverless.testing import mock_atlas
file, url, group = sys.argv[1:]
place = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
def tls(**options):
    return Client(access_token="t", base_url="https://localhost:9", max_retries=0, **options).get_project(group)
"""
PLACES = {
    "profile": ("Client.from_profile('x')", "HOME"),
    "ca_file": ("tls(ca_file=file)", None),
    "REQUESTS_CA_BUNDLE": ("tls()", "REQUESTS_CA_BUNDLE"),
    "SSL_CERT_FILE": ("tls()", "SSL_CERT_FILE"),
    "journal": (
        "list(Client(access_token='t', base_url=url).create_many([{'kind': 'flex', 'name': 'a', 'group_id': group,"
        " 'provider_settings': place}], journal=file))",
        None,
    ),
}
NO_FILE = "it is not a regular file"
TOO_LARGE = "it is larger than"


def run(program: str, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", HEAD + program, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture(params=["pipe", "/dev/zero", "large"])
def named(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A path, where the Atlas CLI has its file."""
    path = systems.profile_file(tmp_path)
    if request.param == "pipe":
        os.mkfifo(path, 0o600)
    elif request.param == "large":
        path.touch(0o600)
        os.truncate(path, 1 << 40)
    else:
        path.symlink_to(request.param)
    return path


@pytest.mark.parametrize("place", PLACES)
def test_what_is_no_file_or_too_large_is_refused(
    atlas_emulator: Emulator, named: Path, tmp_path: Path, place: str
) -> None:
    call, variable = PLACES[place]
    program = f"""
try:
    {call}
except errors.ConfigurationError as error:
    print(error)
"""
    # A folder of certificates beside it is no help. On macOS it would be one more that is looked at.
    environment = {} if systems.MACOS else {"SSL_CERT_DIR": "/etc/ssl/certs"}
    if variable:
        environment |= systems.variables(tmp_path) if variable == "HOME" else {variable: str(named)}
    said = run(program, str(named), atlas_emulator.url, atlas_emulator.group_id, **environment)
    large = named.is_file()
    if place == "journal" and large:
        assert "it is no journal of this version" in said
        assert named.stat().st_size == 1 << 40
    else:
        assert (TOO_LARGE if large else NO_FILE) in said
    assert atlas_emulator.requests == []


def test_a_folder_of_certificates_may_have_more_than_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "large").touch()
    os.truncate(tmp_path / "large", 1 << 40)
    program = """
try:
    tls()
except errors.ConfigurationError as error:
    print(error)
"""
    said = run(program, "", "", "a" * 24, REQUESTS_CA_BUNDLE=str(tmp_path))
    assert said.endswith("the folder holds no certificate in PEM form\n")


COMMANDS = [
    "flex create --file {}",
    "flex create --spec {}",
    "convert {}",
    "api POST groups --input {}",
    "emulator --seed {}",
    "emulator --scenario {}",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_read_no_device_and_nothing_without_end(
    atlas_emulator: Emulator, tmp_path: Path, command: str
) -> None:
    large = tmp_path / "large.json"
    large.touch()
    os.truncate(large, 1 << 40)
    for path, why in [("/dev/zero", NO_FILE), (str(large), TOO_LARGE)]:
        words = [sys.executable, "-m", "atlas_serverless", *command.format(path).split()]
        done = subprocess.run(
            words,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **atlas_emulator.environment()},
        )
        assert done.returncode in (1, 2), done.stderr
        assert why in done.stderr
        assert "Traceback" not in done.stderr
    assert atlas_emulator.requests == []


def test_commands_read_pipes(atlas_emulator: Emulator) -> None:
    read, write = os.pipe()
    os.write(write, json.dumps({"name": "orders"}).encode())
    os.close(write)
    place = ["--provider", "AWS", "--region", "US_EAST_1"]
    done = subprocess.run(
        [sys.executable, "-m", "atlas_serverless", "flex", "create", "--spec", f"/dev/fd/{read}", *place],
        pass_fds=[read],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **atlas_emulator.environment()},
    )
    os.close(read)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["name"] == "orders"


def test_a_test_does_not_wait_for_a_profile_that_is_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(systems.profile_file(tmp_path))
    program = """
with mock_atlas() as emulator:
    print(Client().get_project()["id"] == emulator.group_id)
"""
    assert run(program, "", "", "", **systems.variables(tmp_path)) == "True\n"
