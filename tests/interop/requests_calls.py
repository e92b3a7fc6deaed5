"""Drives an Atlas Administration API the way most Python scripts do: `requests` with its HTTPDigestAuth.

Prints one JSON line per operation; raises on the first that fails.
"""

import json
import os
import time

import requests
from requests.auth import HTTPDigestAuth

NAME = "interop-requests"
URL = f"{os.environ['MONGODB_ATLAS_BASE_URL']}/api/atlas/v2/groups/{os.environ['MONGODB_ATLAS_PROJECT_ID']}/serverless"

session = requests.Session()
session.auth = HTTPDigestAuth(os.environ["MONGODB_ATLAS_PUBLIC_KEY"], os.environ["MONGODB_ATLAS_PRIVATE_KEY"])
session.headers["Accept"] = "application/vnd.atlas.2025-03-12+json"


def call(operation, method, url, expect, body=None):
    reply = session.request(method, url, json=body, timeout=10)
    assert reply.status_code == expect, f"{operation}: {reply.status_code} {reply.text}"
    if operation:
        print(json.dumps({"operation": operation, "result": reply.json()}), flush=True)
    return reply.json()


def until(field, value):
    for _ in range(300):
        reply = session.get(f"{URL}/{NAME}", timeout=10)
        if reply.status_code == value if field == "status" else reply.json().get(field) == value:
            return
        time.sleep(0.1)
    raise AssertionError(f"{field} was not {value} after 30 s")


settings = {"backingProviderName": "AWS", "providerName": "SERVERLESS", "regionName": "US_EAST_1"}
created = call("createServerlessInstance", "POST", URL, 201, {"name": NAME, "providerSettings": settings})
until("stateName", "IDLE")
got = call("getServerlessInstance", "GET", f"{URL}/{NAME}", 200)
assert got["id"] == created["id"]
assert NAME in [each["name"] for each in call("listServerlessInstances", "GET", URL, 200)["results"]]
call("updateServerlessInstance", "PATCH", f"{URL}/{NAME}", 200, {"tags": [{"key": "env", "value": "updated"}]})
call("deleteServerlessInstance", "DELETE", f"{URL}/{NAME}", 202)
until("status", 404)
