"""Automation that was written for serverless instances, as it goes on today: its one change is `on_retired="flex"`.

    python examples/old_automation.py up      # make sure that the instance is there and as it should be
    python examples/old_automation.py down    # remove it

It runs unchanged before and after January 2026, when Atlas retired the serverless endpoints. Credentials and project
are found in the environment (MONGODB_ATLAS_CLIENT_ID, …, MONGODB_ATLAS_PROJECT_ID) or in the Atlas CLI's profile.
"""

import sys

from atlas_serverless import Client, errors

NAME = "reports"
SPEC = {
    "name": NAME,
    "providerSettings": {"providerName": "SERVERLESS", "backingProviderName": "AWS", "regionName": "US_EAST_1"},
    "serverlessBackupOptions": {"serverlessContinuousBackupEnabled": False},
    "terminationProtectionEnabled": True,
}


def up(client: Client, project: str) -> None:
    """Creates the instance if it is missing, and sets its tags."""
    if NAME not in [instance["name"] for instance in client.list_serverless_instances(project)]:
        created = client.create_serverless_instance(project, **SPEC, wait=True)
        print("created", created["name"], created["stateName"])
    instance = client.update_serverless_instance(project, NAME, tags={"owner": "reporting"}, wait=True)
    print(instance["name"], instance["stateName"], instance["tags"], instance["connectionStrings"]["standardSrv"][:14])


def down(client: Client, project: str) -> None:
    """Removes the instance, protected or not."""
    try:
        client.delete_serverless_instance(project, NAME, wait=True)
    except errors.BadRequestError as error:  # a code of its own for instances, a general one for Flex clusters
        if "termination protection" not in (error.detail or ""):
            raise
        print("protected")
        client.update_serverless_instance(project, NAME, terminationProtectionEnabled=False, wait=True)
        client.delete_serverless_instance(project, NAME, wait=True)
    print("gone", client.wait_for_serverless_instance(project, NAME, state="DELETED"))


def main(command: str) -> None:
    with Client(on_retired="flex") as client:
        {"up": up, "down": down}[command](client, str(client.default_group_id))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "up")
