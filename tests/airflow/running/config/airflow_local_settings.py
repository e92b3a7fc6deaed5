"""Read by each process of Airflow when it starts, before it forks."""

import importlib
import importlib.util
import os
import re

# Airflow masks what looks like a token, and the secrets that it knows (AIRFLOW__LOGGING__MIN_LENGTH_MASKED_SECRET). Not
# here: a secret that the client gave away must be seen, whoever would have covered it.
AIRFLOW_3 = ("airflow._shared.logging.structlog", "airflow.sdk._shared.logging.structlog")
for module in AIRFLOW_3 if importlib.util.find_spec("airflow.sdk") else ():
    masks = importlib.import_module(module)
    assert masks.JWT_PATTERN
    masks.JWT_PATTERN = re.compile("(?!)")

if os.environ.get("USE_ATLAS_IN_THE_SCHEDULER"):
    import atlas_serverless

    GROUP_ID = os.environ["MONGODB_ATLAS_PROJECT_ID"]
    CLIENT = atlas_serverless.Client(token_cache="file")
    assert CLIENT.get_project(GROUP_ID)["id"] == GROUP_ID
    USED_IN = os.getpid()
