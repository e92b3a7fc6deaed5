"""What mypy and pyright shall refuse: every line that ends in `# wrong`, and no other. Not run, only checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atlas_serverless import errors
from atlas_serverless.types import FlexClusterUpdate, ServerlessProviderSettingsSpec

if TYPE_CHECKING:
    from atlas_serverless.types import RawClient


def wrong_keys(raw: RawClient) -> None:
    raw.create_serverless_instance("32b6e34b3d91647abb20e7b8", name="orders", regionName="US_EAST_1")  # wrong
    raw.create_serverless_instance("32b6e34b3d91647abb20e7b8", name="orders", stateName="IDLE")  # wrong
    raw.update_flex_cluster("32b6e34b3d91647abb20e7b8", "orders", provider_settings={})  # wrong
    raw.create_flex_cluster("32b6e34b3d91647abb20e7b8", name="orders", serverless_backup_options={})  # wrong


def wrong_values(raw: RawClient) -> None:
    raw.create_serverless_instance("32b6e34b3d91647abb20e7b8", name=1)  # wrong
    raw.create_serverless_instance("32b6e34b3d91647abb20e7b8", name="orders", tags=["env"])  # wrong
    raw.create_serverless_instance("32b6e34b3d91647abb20e7b8", name="orders", if_exists="ignore")  # wrong
    raw.create_serverless_instance("32b6e34b3d91647abb20e7b8")  # wrong


def wrong_depth() -> None:
    settings: ServerlessProviderSettingsSpec = {"region": "US_EAST_1"}  # wrong
    provider: ServerlessProviderSettingsSpec = {"backingProviderName": "IBM"}  # wrong
    update: FlexClusterUpdate = {"terminationProtectionEnabled": "yes"}  # wrong
    print(settings, provider, update)


def wrong_facts(error: errors.ApiError) -> None:
    print(error.no_such_fact)  # wrong
    print(errors.NoSuchCode)  # wrong
    print(errors.ApiError("text", stauts=400))  # wrong
    number: int = error.error_code  # wrong
    print(number)
