"""What Airflow 2.11 and 3 do differently, as far as these tests meet it."""

import importlib.metadata
import re

AIRFLOW_3 = importlib.metadata.version("apache-airflow").startswith("3.")

#: Processes, in the order in which they are started.
PROCESSES = (*(("api-server", "dag-processor") if AIRFLOW_3 else ("webserver",)), "scheduler", "triggerer")
API = "/api/v2" if AIRFLOW_3 else "/api/v1"
HEALTH = "/api/v2/monitor/health" if AIRFLOW_3 else "/health"
HEALTHY = ("metadatabase", "scheduler", "dag_processor") if AIRFLOW_3 else ("metadatabase", "scheduler")

#: Everyone may do everything; the tests talk to 127.0.0.1 only.
WEBSERVER_CONFIG = 'AUTH_ROLE_PUBLIC = "Admin"\nWTF_CSRF_ENABLED = False\n'

#: Imports of the examples, which are written for Airflow 3, in Airflow 2.
DECORATORS = "from airflow.decorators import dag, task"
IMPORTS = {
    r"from airflow\.sdk import Variable, dag, task\b.*": f"{DECORATORS}\nfrom airflow.models import Variable",
    r"from airflow\.sdk import dag, task\b.*": DECORATORS,
    r"airflow\.providers\.standard\.operators\.empty": "airflow.operators.empty",
}


def environment(url, port, database):
    """Settings that have another name in each."""
    if AIRFLOW_3:
        return {
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            **({"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database} if database else {}),
        }
    return {
        "AIRFLOW__API__AUTH_BACKENDS": "airflow.api.auth.backend.default",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL": "5",
        "AIRFLOW__WEBSERVER__WEB_SERVER_HOST": "127.0.0.1",
        "AIRFLOW__WEBSERVER__WEB_SERVER_PORT": str(port),
        "AIRFLOW__WEBSERVER__WORKERS": "1",
        "AIRFLOW__WEBSERVER__WORKER_REFRESH_INTERVAL": "0",  # the only worker is not replaced
    }


def adapted(text):
    """The text of an example for the installed Airflow; a retry waits a second, and nothing runs by itself."""
    text, pauses = re.subn(r'"retry_delay": timedelta\(seconds=30\)', '"retry_delay": timedelta(seconds=1)', text)
    assert pauses == 1
    text = re.sub(r'schedule="[^"]+"', "schedule=None", text)
    if not AIRFLOW_3:
        for pattern, replacement in IMPORTS.items():
            text = re.sub(pattern, replacement, text)
    return text
