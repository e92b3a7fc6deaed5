"""This project, synchronous, with everything on: validation, retries, rate limits, logging."""

import common

from atlas_serverless import Client

IMPORT = "atlas_serverless"
AUTH = ("bearer", "digest")
PYTHON = "product"
MODES = ("seq", "conc", "bulk", "kept", "cold", "import")


def options(auth):
    if auth.kind == "digest":
        keys = {"public_key": auth.public_key, "private_key": auth.private_key}
    else:
        keys = {"client_id": auth.client_id, "client_secret": auth.client_secret}
    return keys | {"ca_file": auth.ca}


def setup(base, auth):
    global create_one, create_all
    client = Client(base_url=base, allow_insecure_http=True, **options(auth))
    create_one = client.create_serverless_instance
    create_all = getattr(client, "create_many", None)


def create(i):
    return create_one(common.GROUP, **common.body(i))


def creates(n, inflight):
    """The number and the answer of each create, as they come."""
    operations = ({"group_id": common.GROUP, "kind": "serverless", **common.body(i)} for i in range(n))
    for result in create_all(operations, max_in_flight=inflight):
        yield result.index, result.value


def create_many(n, inflight):
    """All answers, in order."""
    operations = ({"group_id": common.GROUP, "kind": "serverless", **common.body(i)} for i in range(n))
    results = sorted(create_all(operations, max_in_flight=inflight), key=lambda result: result.index)
    return [result.value for result in results]
