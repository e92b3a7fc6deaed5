"""Drives an Atlas Administration API with `pyatlassdk`: serverless list and get, all of Flex, projects, rate limits.

A service account when MONGODB_ATLAS_CLIENT_ID is set, else an API key. Prints one JSON line per operation; raises on
the first that fails. The SDK cannot create a serverless instance, and its model refuses the effectiveInstanceSizeName
FLEX of every recorded one; so it is asked as of 2026, when the list is empty and a get answers 404.
"""

import contextlib
import json
import os
import time

from pyatlassdk import AtlasAdminClient
from pyatlassdk.admin._errors import AtlasApiError
from pyatlassdk.admin.models.flex_cluster_description_create20241113 import FlexClusterDescriptionCreate20241113
from pyatlassdk.admin.models.flex_cluster_description_update20241113 import FlexClusterDescriptionUpdate20241113

NAME = "interop-pyatlassdk"


def credentials():
    names = ("client_id", "client_secret") if "MONGODB_ATLAS_CLIENT_ID" in os.environ else ("public_key", "private_key")
    return {name: os.environ[f"MONGODB_ATLAS_{name.upper()}"] for name in names}


def said(operation, result=None):
    shown = result.model_dump(mode="json", by_alias=True) if hasattr(result, "model_dump") else None
    print(json.dumps({"operation": operation, "result": shown}), flush=True)
    return result


def until_gone(get):
    for _ in range(300):
        try:
            get()
        except AtlasApiError as error:
            if error.status_code == 404:
                return
            raise
        time.sleep(0.1)
    raise AssertionError("still there after 30 s")


def main():
    base, group = os.environ["MONGODB_ATLAS_BASE_URL"], os.environ["MONGODB_ATLAS_PROJECT_ID"]
    with AtlasAdminClient(
        base_url=f"{base}/api/atlas/v2", oauth_token_url=f"{base}/api/oauth/token", **credentials()
    ) as sdk:
        instances = said("listServerlessInstances", sdk.serverless_instances.list_group_serverless_instances(group))
        assert instances.results == [], instances
        until_gone(lambda: sdk.serverless_instances.get_group_serverless_instance(group, NAME))
        said("getServerlessInstance")

        flex = sdk.flex_clusters
        body = {"name": NAME, "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"}}
        created = flex.create_group_flex_cluster(group, FlexClusterDescriptionCreate20241113.model_validate(body))
        assert said("createGroupFlexCluster", created).name == NAME
        while (got := flex.get_group_flex_cluster(group, NAME)).state_name != "IDLE":
            time.sleep(0.1)
        assert said("getGroupFlexCluster", got).id == created.id
        listed = said("listGroupFlexClusters", flex.list_group_flex_clusters(group, items_per_page=5, page_num=1))
        assert NAME in [each.name for each in listed.results]
        change = FlexClusterDescriptionUpdate20241113.model_validate({"tags": [{"key": "env", "value": "updated"}]})
        updated = said("updateGroupFlexCluster", flex.update_group_flex_cluster(group, NAME, change))
        assert updated.tags[0].value == "updated"
        # 0.1.0 parses the body of a 204, which has none; the cluster must be gone all the same.
        with contextlib.suppress(json.JSONDecodeError):
            flex.delete_group_flex_cluster(group, NAME)
        until_gone(lambda: flex.get_group_flex_cluster(group, NAME))
        said("deleteGroupFlexCluster")

        said("listGroups", sdk.projects.list_groups())
        assert said("getGroup", sdk.projects.get_group(group)).id == group
        said("listRateLimits", sdk.rate_limiting.list_rate_limits())


if __name__ == "__main__":
    main()
