"""What `make demo` shows: one instance through a service account and one through an API key, in the emulator.

Change `emulator.client(...)` to `Client(...)` and the same code talks to Atlas.
"""

import json
import sys

from atlas_serverless import Client, Emulator


def create(client: Client, group_id: str, name: str) -> None:
    """Creates one instance, waits until it can be used, and prints what Atlas sent."""
    print(f"\n== {name}: {client!r}", flush=True)
    instance = client.create_serverless_instance(
        group_id,
        name=name,
        provider_settings={"backing_provider_name": "AWS", "region_name": "US_EAST_1"},
        tags={"env": "demo"},
        wait=True,
        progress=True,
    )
    print(json.dumps(instance, indent=2))
    print("connection string:", instance["connectionStrings"]["standardSrv"])


def main() -> int:
    with Emulator(provisioning_seconds=3.0) as emulator:
        print(f"a small Atlas at {emulator.url}, project {emulator.group_id}")
        with emulator.client(auth="service_account") as client:
            create(client, emulator.group_id, "with-service-account")
        with emulator.client(auth="api_key") as client:
            create(client, emulator.group_id, "with-api-key")
        print(f"\n{len(emulator.requests)} requests were made, tokens and challenges included")
    return 0


if __name__ == "__main__":
    sys.exit(main())
