"""What `up` returns connects: pymongo and a real server take its URI, with every character that a password can have."""

import asyncio
import json
import os
import subprocess
import sys

import pymongo
import pytest
from pymongo.errors import OperationFailure

AWS = {"provider": "AWS", "region": "US_EAST_1"}
PASSWORDS = ["s3cret/@:x", "p@ss:w/rd?#[]%&=+ ü€", "'\"\\<>{}|^`~!$*();,", "%41%42-literal"]


def writes_and_reads(uri, name):
    with pymongo.MongoClient(uri, serverSelectionTimeoutMS=10_000) as client:
        orders = client["shop"][name]
        orders.delete_leftovers({})
        orders.insert_many([{"_id": number, "item": f"n{number}"} for number in range(3)])
        assert orders.count_documents({}) == 3
        assert orders.find_one({"_id": 1}) == {"_id": 1, "item": "n1"}
        assert client.admin.command("connectionStatus")["authInfo"]["authenticatedUsers"]


@pytest.mark.parametrize("password", PASSWORDS)
def test_the_uri_of_up_is_taken_by_the_driver(emulator, mirror, password):
    username = f"app-{PASSWORDS.index(password)}"
    with emulator.client() as client:
        connection = client.up("orders", username=username, password=password, access="127.0.0.1", **AWS)
    mirror(password)
    writes_and_reads(connection.uri, username)
    assert pymongo.uri_parser.parse_uri(connection.uri)["password"] == password


def test_a_user_whose_name_needs_escapes_and_the_asynchronous_client(emulator, mirror):
    async def up():
        async with emulator.async_client() as client:
            return await client.up("orders", username="a@b/c:d", password=PASSWORDS[0], access="127.0.0.1", **AWS)

    connection = asyncio.run(up())
    mirror(PASSWORDS[0])
    writes_and_reads(connection.uri, "escaped")


def test_a_wrong_password_is_refused(emulator, mirror):
    """The judge is awake: without this, the tests above would prove nothing."""
    with emulator.client() as client:
        connection = client.up("orders", username="refused", password=PASSWORDS[0], access="127.0.0.1", **AWS)
    mirror("another-password")
    with pymongo.MongoClient(connection.uri, serverSelectionTimeoutMS=10_000) as client:
        with pytest.raises(OperationFailure):
            client["shop"]["orders"].insert_one({})


def test_a_generated_and_then_a_new_password(emulator, mirror):
    with emulator.client() as client:
        connection = client.up("orders", access="127.0.0.1", **AWS)
        mirror(connection.password)
        writes_and_reads(connection.uri, "generated")
        renewed = client.up("orders", reset_password=True)
        assert renewed.password != connection.password
        mirror(renewed.password)
        writes_and_reads(renewed.uri, "renewed")


def test_the_command_line_gives_a_string_that_connects(emulator, mirror, tmp_path):
    environment = os.environ | emulator.environment() | {"HOME": str(tmp_path)}
    environment["ATLAS_SERVERLESS_DB_PASSWORD"] = PASSWORDS[1]
    command = [sys.executable, "-m", "atlas_serverless", "up", "orders", "--provider", "AWS", "--region", "US_EAST_1"]
    command += ["--username", "shell", "--access", "127.0.0.1", "--show-password"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
    mirror(PASSWORDS[1])
    writes_and_reads(json.loads(done.stdout)["uri"], "shell")
