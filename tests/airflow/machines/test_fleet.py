"""Three hundred mapped creates on two workers, one of which is lost; Atlas limits requests, and restarts."""

import collections
import time
from datetime import datetime

from fleet_log import came_back_too_soon

from conftest import PROJECTS, SLOTS, WORKERS

COUNT = 300
CREATE = "createGroupFlexCluster"
WANTED = {(PROJECTS[number % len(PROJECTS)], f"search-{number:03}") for number in range(COUNT)}


def test_each_cluster_of_a_fleet_is_made_once(airflow, atlas):
    began = time.monotonic()
    run = airflow.trigger("atlas_fleet", team="search", count=COUNT, group_ids=PROJECTS)
    airflow.until(lambda: atlas.stored() >= COUNT // 3, "a third of the fleet", 1200, pause=1)
    lost = lose_a_worker(airflow, atlas, run)
    airflow.until(lambda: atlas.stored() >= 2 * COUNT // 3, "two thirds of the fleet", 1200, pause=1)
    atlas.stop()
    atlas.start()
    state = airflow.finish("atlas_fleet", run, 3000)
    seconds = time.monotonic() - began
    tasks = airflow.tasks("atlas_fleet", run)
    requests = atlas.requests()
    show_figures(seconds, tasks, requests)

    assert (state, {task["state"] for task in tasks.values()}, len(tasks)) == ("success", {"success"}, COUNT + 1)
    assert atlas.clusters() == dict.fromkeys(WANTED, "IDLE")
    assert atlas.stored() == COUNT

    made = collections.Counter(cluster(request) for request in creates(requests) if request["status"] == 201)
    unanswered = {cluster(request) for request in creates(requests) if is_unanswered(request)}
    assert set(made.values()) == {1}
    assert made.keys() | unanswered == WANTED

    refused = [request for request in requests if request["status"] == 429]
    assert {request["endpoint"] for request in refused} == {"flex"}
    assert came_back_too_soon(atlas.lives(), refill_seconds=60) == []
    # Three machines (the triggerer is one), two of which ask again, since the emulator forgets tokens when it restarts.
    issued = [[r["status"] for r in life if r["endpoint"] == "token"] for life in atlas.lives()]
    assert issued == [[200] * 3, [200] * 2]

    assert lost
    assert [name for name in lost if tasks[name]["try_number"] == 1] == []
    assert {tasks[name]["hostname"] for name in lost} == {WORKERS[1]}


def lose_a_worker(airflow, atlas, run):
    """Kills one while clusters are stored that it was not told of. The tasks that are lost with it."""
    count = SLOTS + 1  # one at least is of each worker
    fault = {"kind": "stall", "operation": CREATE, "after_store": True, "times": count}
    atlas.control("POST", "faults", fault)
    airflow.until(lambda: sum(map(is_unanswered, atlas.requests())) == count, "creates without an answer", pause=1)
    airflow.kill_process(WORKERS[0])
    left = airflow.tasks("atlas_fleet", run)
    return [name for name, task in left.items() if (task["state"], task["hostname"]) == ("running", WORKERS[0])]


def creates(requests):
    return [request for request in requests if request["operation"] == CREATE]


def is_unanswered(request):
    return request["fault"] is not None and request["fault"]["kind"] == "stall"


def cluster(create):
    return create["group_id"], create["body"]["name"]


def show_figures(seconds, tasks, requests):
    """What docs/scaling.md says of a run."""
    tries = collections.Counter(task["try_number"] for task in tasks.values())
    statuses = collections.Counter(str(request["status"]) for request in requests)
    found = sum(request["error_code"] == "DUPLICATE_CLUSTER_NAME" for request in creates(requests))
    print(f"{datetime.now():%Y-%m-%d}: {seconds:.0f} s, {len(requests)} requests {dict(sorted(statuses.items()))}")
    print(f"tries {dict(sorted(tries.items()))}; creates that found a cluster which was made already: {found}")
    print(f"tokens {sum(request['endpoint'] == 'token' for request in requests)}")
