"""A whole Airflow in a folder: its processes (`versions.PROCESSES`), with LocalExecutor, and its REST API."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from versions import AIRFLOW_3, API, HEALTH, HEALTHY, PROCESSES, WEBSERVER_CONFIG, environment

CONFIG = pathlib.Path(__file__).with_name("config")
COMMAND = [str(pathlib.Path(sys.executable).with_name("airflow"))]
ENDED = {"success", "failed"}


class Airflow:
    """Its processes are started by :meth:`start` and ended by :meth:`stop`, by id. `more`: settings that win."""

    def __init__(self, home, dags, database=None, more=None):
        self.home = pathlib.Path(home)
        self.home.joinpath("webserver_config.py").write_text(WEBSERVER_CONFIG, encoding="utf-8")
        shutil.copytree(CONFIG, self.home / "config", ignore=shutil.ignore_patterns("__pycache__"))
        self.processes = {}
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AIRFLOW", "_AIRFLOW", "MONGODB_", "MCLI_", "PYTEST_"))
        }
        self.environment = inherited | {
            "AIRFLOW_HOME": str(self.home),
            "HOME": str(self.home),
            "XDG_CACHE_HOME": str(self.home / "cache"),  # of token_cache="file"
            "NO_PROXY": "127.0.0.1",
            **environment(self.url, port, database),
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__PARALLELISM": "8",
            "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",  # namespace_levels does not reach loggers of Python's `logging`
            "AIRFLOW__LOGGING__MIN_LENGTH_MASKED_SECRET": "1000",  # none: see config/airflow_local_settings.py
            "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
            "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",  # another triggerer takes over within seconds
            "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "5",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            **(more or {}),
        }

    # Processes

    def run(self, *arguments, seconds=180, environment=None):
        """A command of `airflow`, to its end; what it wrote is kept with the logs."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            env=self.environment | (environment or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )
        with open(self._output(f"command-{arguments[0]}"), "a", encoding="utf-8") as file:
            file.write(done.stdout)
        if done.returncode != 0:
            raise RuntimeError(f"airflow {arguments[0]} ended with {done.returncode}:\n{done.stdout[-4000:]}")
        return done.stdout

    def start(self, dag_ids, scheduler=None, seconds=180):
        """Starts all of it; returns when those DAGs can be triggered. `scheduler`: more variables for that process."""
        for name in PROCESSES:
            self.start_process(name, (scheduler or {}) if name == "scheduler" else {})
        self.until(lambda: self._ready(dag_ids), "Airflow to be ready", seconds)

    def start_process(self, name, more=None, arguments=None):
        """`airflow NAME`, or `airflow ARGUMENTS` by that name; `more`: more variables for it."""
        with open(self._output(name), "ab") as output:
            self.processes[name] = subprocess.Popen(
                [*COMMAND, *(arguments or [name])],
                env=self.environment | (more or {}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill_process(self, name):
        """Ends a process and its children at once, as a machine that fails."""
        process = self.processes.pop(name)
        while ours := [pid for pid in _all_pids() if _session(pid) == process.pid and _is_alive(pid)]:
            for pid in ours:  # again until there is none: they may fork meanwhile
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        process.wait(10)

    def stop(self):
        """Ends them and what they started: each is the leader of a session of its own."""
        ids = [process.pid for process in self.processes.values()]
        ours = [pid for pid in _all_pids() if _session(pid) in ids]  # tasks have process groups of their own
        for process in self.processes.values():
            process.terminate()
        deadline = time.monotonic() + 20
        for process in self.processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
        for pid in ours:
            if _session(pid) in ids:  # not yet another's
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        for process in self.processes.values():
            process.wait(10)

    def owns(self, pid):
        """Whether this Airflow started that process."""
        return _session(pid) in [process.pid for process in self.processes.values()]

    # The REST API

    def request(self, method, path, body=None):
        headers = {"Content-Type": "application/json"}
        if AIRFLOW_3:
            headers["Authorization"] = f"Bearer {self._token()}"
        return self._send(method, API + path, body, headers)

    def trigger(self, dag_id, **conf):
        body = {"conf": conf} | ({"logical_date": None} if AIRFLOW_3 else {})
        return self.request("POST", f"/dags/{dag_id}/dagRuns", body)["dag_run_id"]

    def tasks(self, dag_id, run_id):
        """The task instances of a run by task id; mapped ones as `id[index]`."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances?limit=100"
        found, total = [], 1
        while len(found) < total:
            page = self.request("GET", f"{path}&offset={len(found)}")
            found, total = found + page["task_instances"], page["total_entries"]
        return {task["task_id"] + (f"[{task['map_index']}]" if task["map_index"] >= 0 else ""): task for task in found}

    def result(self, dag_id, run_id, task_id, map_index=-1):
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value"
        return self.request("GET", f"{path}?map_index={map_index}&stringify=false")["value"]

    def finish(self, dag_id, run_id, seconds=180):
        """The state of a run when it has ended."""

        def ended():
            state = self.request("GET", f"/dags/{dag_id}/dagRuns/{run_id}")["state"]
            return state if state in ENDED else None

        return self.until(ended, f"{dag_id} to end", seconds)

    def until(self, look, what, seconds=120, pause=0.2):
        """What `look` returns once that is something. A process of Airflow that has ended, or the time, ends it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for name, process in self.processes.items():
                if process.poll() is not None:
                    said = self._output(name).read_text(encoding="utf-8", errors="replace")
                    raise RuntimeError(f"airflow {name} ended with {process.returncode}:\n{said[-4000:]}")
            found = look()
            if found:
                return found
            time.sleep(pause)
        raise TimeoutError(f"waited {seconds} s for {what}")

    # What it wrote

    def task_log(self, dag_id, run_id):
        """All that the tasks of a run logged."""
        folder = self.home / "logs" / f"dag_id={dag_id}" / f"run_id={run_id}"
        return "".join(path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.log")))

    def logs(self):
        """Every file of logs: of tasks, of DAG processing, and what the processes themselves wrote."""
        return [path for path in (self.home / "logs").rglob("*") if path.is_file()]

    def _output(self, name):
        folder = self.home / "logs" / "processes"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{name}.log"

    def _ready(self, dag_ids):
        try:
            health = self._send("GET", HEALTH)
            if any(health[part]["status"] != "healthy" for part in HEALTHY):
                return False
            if AIRFLOW_3:
                # Its first request builds all versions of that API, for seconds in which the server answers nobody: no
                # task shall wait for it.
                self._send("GET", "/execution/health")
            errors = self.request("GET", "/importErrors")["import_errors"]
            if errors:
                raise RuntimeError(f"a DAG cannot be imported:\n{errors[0]['stack_trace']}")
            return {dag["dag_id"] for dag in self.request("GET", "/dags?limit=100")["dags"]} == set(dag_ids)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def _token(self):
        if not hasattr(self, "_bearer"):
            self._bearer = self._send("GET", "/auth/token")["access_token"]
        return self._bearer

    def _send(self, method, path, body=None, headers=None):
        return json.loads(self._open(method, path, body, headers))

    def page(self, path):
        return self._open("GET", path)

    def _open(self, method, path, body=None, headers=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers or {}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as reply:
            return reply.read().decode()


def _all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _is_alive(pid):
    """False for a process that has ended and is not yet waited for."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rpartition(") ")[2][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _session(pid):
    """The session that a process belongs to, None if there is no such process."""
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None
