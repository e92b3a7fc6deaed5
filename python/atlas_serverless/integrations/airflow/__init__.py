"""The Airflow provider: hooks, operators, sensors and triggers for Flex clusters and serverless instances.

    from atlas_serverless.integrations.airflow.hooks import AtlasHook
    from atlas_serverless.integrations.airflow.operators import AtlasCreateFlexClusterOperator
    from atlas_serverless.integrations.airflow.sensors import AtlasFlexClusterSensor
    from atlas_serverless.integrations.airflow.triggers import AtlasFlexClusterStateTrigger

Airflow finds it by itself (entry point ``apache_airflow_provider``). This file imports nothing of Airflow: every
process of Airflow reads it, and it is part of an installation without Airflow too. docs/airflow.md is the guide.
"""

from __future__ import annotations

from typing import Any

_PACKAGE = __name__
CONNECTION_TYPE = "mongodbatlas"
HOOK_NAME = "MongoDB Atlas"
HIDDEN_FIELDS = ["port", "schema"]
LABELS = {"login": "Client ID or public key", "password": "Client secret, private key or token", "host": "Base URL"}
PLACEHOLDERS = {
    "login": "mdb_sa_id_… (empty for a token)",
    "host": "https://cloud.mongodb.com",
}
#: Fields of the Connection's `extra` that have a place in its form: name, label, and what they are for.
FORM_FIELDS = {
    "group_id": ("Project ID", "24 hexadecimal digits: the project of every task that names none"),
    "credentials": ("Credentials", "service_account, api_key or token. Empty: recognized by the client ID's form"),
}


def get_provider_info() -> dict[str, Any]:
    """What Airflow reads of an installed provider. The connection's form is here for Airflow 3.2 and later; the form of
    earlier versions is :class:`.hooks.AtlasHook`'s, made of the same tables."""
    return {
        "package-name": "atlas-serverless",
        "name": HOOK_NAME,
        "description": "MongoDB Atlas: Flex clusters and serverless instances, created never twice.",
        "integrations": [
            {
                "integration-name": HOOK_NAME,
                "external-doc-url": "https://www.mongodb.com/docs/atlas/",
                "tags": ["service"],
            }
        ],
        **{
            part: [{"integration-name": HOOK_NAME, "python-modules": [f"{_PACKAGE}.{part}"]}]
            for part in ("hooks", "operators", "sensors", "triggers")
        },
        "connection-types": [
            {
                "connection-type": CONNECTION_TYPE,
                "hook-class-name": f"{_PACKAGE}.hooks.AtlasHook",
                "hook-name": HOOK_NAME,
                "ui-field-behaviour": {
                    "hidden-fields": HIDDEN_FIELDS,
                    "relabeling": LABELS,
                    "placeholders": PLACEHOLDERS,
                },
                "conn-fields": {
                    name: {"label": label, "description": description, "schema": {"type": ["string", "null"]}}
                    for name, (label, description) in FORM_FIELDS.items()
                },
            }
        ],
        "extra-links": [f"{_PACKAGE}.links.AtlasProjectLink"],
    }
