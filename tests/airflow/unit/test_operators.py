"""The operators, executed one after the other as tasks would: run twice, deferred, refused, killed."""

import logging

import pytest
from airflow.exceptions import AirflowException, AirflowFailException, AirflowSkipException, TaskDeferred
from triggering import fire

from atlas_serverless import errors
from atlas_serverless.integrations.airflow import links, operators
from atlas_serverless.integrations.airflow.links import AtlasProjectLink
from atlas_serverless.integrations.airflow.operators import (
    AtlasCreateFlexClusterOperator,
    AtlasCreateServerlessInstanceOperator,
    AtlasDeleteFlexClusterOperator,
    AtlasDeleteServerlessInstanceOperator,
    AtlasUpdateFlexClusterOperator,
    AtlasUpdateServerlessInstanceOperator,
)

FLEX = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
ALL = [
    AtlasCreateFlexClusterOperator,
    AtlasCreateServerlessInstanceOperator,
    AtlasDeleteFlexClusterOperator,
    AtlasDeleteServerlessInstanceOperator,
    AtlasUpdateFlexClusterOperator,
    AtlasUpdateServerlessInstanceOperator,
]


class Log(logging.LoggerAdapter):
    """In the place of an operator's log, which is structlog's in Airflow 3."""

    def __init__(self):
        super().__init__(logging.getLogger("any"), {})
        self.warnings = []

    def warning(self, text, *values):
        self.warnings.append(text % values)


def create(**fields):
    fields = {"task_id": "create", "name": "orders", "provider_settings": FLEX, "poke_interval": 0.05} | fields
    return AtlasCreateFlexClusterOperator(**fields)


def delete(**fields):
    return AtlasDeleteFlexClusterOperator(**{"task_id": "delete", "name": "orders", "poke_interval": 0.05} | fields)


def deferred(operator, context):
    """What the deferred task is resumed with, and how."""
    with pytest.raises(TaskDeferred) as caught:
        operator.execute(context)
    event = fire(caught.value.trigger)
    assert caught.value.method_name == "execute_complete"
    return lambda: operator.execute_complete(context, event)


def sent(atlas, method):
    return [
        request["status"]
        for request in atlas.requests
        if request["method"] == method and request["endpoint"] != "token"
    ]


def test_a_create_waits_and_returns_the_plain_dict(atlas, context):
    cluster = create(tags={"env": "dev"}).execute(context)
    assert type(cluster) is dict
    assert (cluster["name"], cluster["stateName"]) == ("orders", "IDLE")
    assert cluster["tags"] == [{"key": "env", "value": "dev"}]
    assert context["ti"].pushed == {"atlas_project": {"base_url": atlas.url, "group_id": atlas.group_id}}


def test_a_create_that_runs_twice_makes_one(atlas, context):
    first = create().execute(context)
    assert create().execute(context)["id"] == first["id"]
    assert atlas.counters["created"] == 1


def test_a_create_that_does_not_wait(atlas, context):
    atlas.settings(provisioning="manual")
    assert create(wait_for_completion=False).execute(context)["stateName"] == "CREATING"


def test_a_deferred_create(atlas, context):
    resume = deferred(create(deferrable=True), context)
    assert resume()["stateName"] == "IDLE"
    assert atlas.counters["created"] == 1


def test_a_create_that_finds_its_cluster_idle_is_not_deferred(atlas, context):
    atlas.add_instance("orders")
    assert create(deferrable=True).execute(context)["stateName"] == "IDLE"


def test_a_deferred_create_in_time_or_not(atlas, context):
    atlas.settings(provisioning="manual")
    operator = create(deferrable=True, timeout=1)
    with pytest.raises(TaskDeferred) as caught:
        operator.execute(context)
    caught.value.trigger.deadline -= 3600  # the triggerer was down for an hour: one more look
    event = fire(caught.value.trigger)
    assert event["status"] == "timeout"
    with pytest.raises(AirflowException, match="orders") as raised:
        operator.execute_complete(context, event)
    assert not isinstance(raised.value, AirflowFailException)


def test_deferral_is_the_installations_default(monkeypatch):
    monkeypatch.setenv("AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE", "True")
    assert create().deferrable is True
    assert create(deferrable=False).deferrable is False
    monkeypatch.setenv("AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE", "False")
    assert create().deferrable is False


@pytest.mark.parametrize(
    ("status", "error_code"),
    [
        (401, "UNAUTHORIZED"),
        (402, "NO_PAYMENT_INFORMATION_FOUND"),
        (403, "USER_UNAUTHORIZED"),
    ],
)
def test_what_no_retry_can_cure_fails_for_good(atlas, context, status, error_code):
    operation = "createGroupFlexCluster"
    atlas.fail_next("status", operation=operation, status=status, error_code=error_code, times=None)
    with pytest.raises(AirflowFailException, match=str(status)) as raised:
        create().execute(context)
    assert isinstance(raised.value.__cause__, errors.ApiError)
    assert atlas.instances() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"provider_settings": {"backing_provider_name": "AWS"}},
        {"tags": {"": "x"}},
        {"name": "not a name"},
        {"group_id": "no-project"},
        {"provider_settings": {"backing_provider_name": "AWS", "region_name": "US_EAST_1", "size": "L"}},
    ],
)
def test_an_invalid_request_fails_for_good_and_is_not_sent(atlas, context, fields):
    with pytest.raises(AirflowFailException, match=r"^(Validation|Configuration)Error: "):
        create(**fields).execute(context)
    assert sent(atlas, "POST") == []


def test_a_name_that_something_else_has_fails_for_good(atlas, context):
    atlas.add_instance("orders", tags={"owner": "somebody"})
    with pytest.raises(AirflowFailException, match="DuplicateClusterName"):
        create(tags={"owner": "me"}).execute(context)
    with pytest.raises(AirflowFailException, match="DuplicateClusterName"):
        create(if_exists="error").execute(context)


def test_wrong_credentials_fail_for_good(atlas, context, connect):
    connect(login=atlas.client_id, password="wrong-secret")
    with pytest.raises(AirflowFailException, match="AuthenticationError") as raised:
        create().execute(context)
    assert "wrong-secret" not in str(raised.value)


def test_a_refusal_during_the_wait_fails_for_good(atlas, context):
    atlas.settings(provisioning="manual")
    atlas.fail_next("status", operation="getGroupFlexCluster", status=403, error_code="USER_UNAUTHORIZED", times=None)
    with pytest.raises(AirflowFailException, match="WaitFailedError"):
        create().execute(context)
    with pytest.raises(AirflowFailException, match="USER_UNAUTHORIZED"):
        deferred(create(name="second", deferrable=True), context)()


@pytest.mark.parametrize("status", [409, 429, 500, 503])
def test_the_rest_is_left_to_airflows_retries(atlas, context, connect, status):
    extra = {"group_id": atlas.group_id, "max_retries": 0}
    connect(login=atlas.client_id, password=atlas.client_secret, extra=extra)
    atlas.fail_next("status", operation="createGroupFlexCluster", status=status, times=None)
    with pytest.raises(errors.AtlasError):
        create().execute(context)


def test_a_delete_and_one_that_has_nothing_to_do(atlas, context):
    atlas.add_instance("orders")
    for _ in range(2):
        assert delete().execute(context) is None
    assert (atlas.instances(), sent(atlas, "DELETE")) == ([], [204])


def test_a_delete_that_an_earlier_try_began_is_waited_for(atlas, context):
    atlas.add_instance("orders")
    atlas.settings(deletion={"reads": 3})
    delete(wait_for_completion=False).execute(context)
    delete().execute(context)
    assert (atlas.instances(), sent(atlas, "DELETE")) == ([], [204])


def test_a_deferred_delete(atlas, context):
    atlas.add_instance("orders")
    assert deferred(delete(deferrable=True), context)() is None
    assert atlas.instances() == []
    assert delete(deferrable=True).execute(context) is None


def test_a_delete_leaves_what_has_other_tags(atlas, context):
    atlas.add_instance("orders", tags={"owner": "somebody", "env": "dev"})
    with pytest.raises(AirflowSkipException, match="somebody"):
        delete(only_tagged={"owner": "me"}).execute(context)
    delete(only_tagged={"owner": "somebody"}).execute(context)
    assert atlas.instances() == []


def test_a_project_that_is_not_there_is_no_deletion(atlas, context):
    with pytest.raises(errors.GroupNotFound):
        delete(group_id="0123456789abcdef01234567").execute(context)


def test_an_update_waits_or_is_deferred(atlas, context):
    atlas.add_instance("orders")
    fields = {"task_id": "update", "name": "orders", "poke_interval": 0.05}
    cluster = AtlasUpdateFlexClusterOperator(**fields, tags={"env": "a"}).execute(context)
    assert (cluster["stateName"], cluster["tags"]) == ("IDLE", [{"key": "env", "value": "a"}])
    operator = AtlasUpdateFlexClusterOperator(**fields, termination_protection_enabled=True, deferrable=True)
    cluster = deferred(operator, context)()
    assert (cluster["stateName"], cluster["terminationProtectionEnabled"]) == ("IDLE", True)


def test_a_retired_serverless_instance_fails_for_good_or_is_converted(atlas, context):
    atlas.set_calendar("2026")
    settings = {"backing_provider_name": "AWS", "region_name": "US_EAST_1", "provider_name": "SERVERLESS"}
    fields = {"task_id": "create", "name": "legacy", "provider_settings": settings, "poke_interval": 0.05}
    with pytest.raises(AirflowFailException, match="410 VERSION_GONE"):
        AtlasCreateServerlessInstanceOperator(**fields).execute(context)
    fields["on_retired"] = "flex"
    assert AtlasCreateServerlessInstanceOperator(**fields).execute(context)["stateName"] == "IDLE"
    fields["name"] = "second"
    operator = AtlasCreateServerlessInstanceOperator(**fields, deferrable=True)
    assert deferred(operator, context)()["stateName"] == "IDLE"
    fields = {"task_id": "change", "name": "second", "on_retired": "flex", "poke_interval": 0.05}
    changed = AtlasUpdateServerlessInstanceOperator(**fields, tags={"env": "a"}).execute(context)
    assert changed["tags"] == [{"key": "env", "value": "a"}]
    AtlasDeleteServerlessInstanceOperator(**fields, only_tagged={"env": "a"}).execute(context)
    assert [instance["name"] for instance in atlas.instances()] == ["legacy"]


def test_a_serverless_instance_while_there_were_some(atlas, context):
    atlas.set_calendar("2024")
    settings = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
    backup = {"serverless_continuous_backup_enabled": False}
    operator = AtlasCreateServerlessInstanceOperator(
        task_id="create", name="old", provider_settings=settings, serverless_backup_options=backup, poke_interval=0.05
    )
    assert operator.execute(context)["serverlessBackupOptions"] == {"serverlessContinuousBackupEnabled": False}
    operator = AtlasDeleteServerlessInstanceOperator(task_id="delete", name="old", poke_interval=0.05, deferrable=True)
    assert deferred(operator, context)() is None
    assert atlas.instances() == []


@pytest.mark.parametrize("operator", ALL)
def test_every_template_field_is_an_argument(operator):
    fields = {"task_id": "task", "name": "{{ ds }}"}
    if "Create" in operator.__name__:
        fields["provider_settings"] = {"region_name": "{{ params.region }}"}
    made = operator(**fields)
    for field in operator.template_fields:
        assert hasattr(made, field), field
    assert set(operator.template_fields) >= {"atlas_conn_id", "group_id", "name"}
    assert made.operator_extra_links[0].name == "Project in Atlas"


def test_all_operators_are_tested():
    assert {name for name in vars(operators) if name.startswith("Atlas")} - {"AtlasOperator"} == {
        c.__name__ for c in ALL
    }


def test_what_is_in_the_log_when_a_task_is_killed(atlas, context):
    def ended(operator):
        operator._cached_logger = operator._log = log = Log()
        operator.on_kill()
        return log.warnings[-1]

    operator = create()
    assert ended(operator) == "ended before anything was sent to Atlas"
    atlas.settings(provisioning="manual")
    operator = create(timeout=1)
    with pytest.raises(errors.WaitTimeoutError):
        operator.execute(context)
    said = ended(operator)
    assert said.startswith(f"ended; flex_cluster orders in project {atlas.group_id}: CREATING was seen ")
    assert said.endswith("Atlas goes on")
    atlas.fail_next("status", operation="createGroupFlexCluster", status=403, error_code="USER_UNAUTHORIZED")
    operator = create(name="other")
    with pytest.raises(AirflowFailException):
        operator.execute(context)
    assert "the create was on its way; whether Atlas carries it out is not known" in ended(operator)


def test_the_link_to_the_project(monkeypatch):
    project = {"base_url": "https://cloud.mongodb.com", "group_id": "0123456789abcdef01234567"}
    monkeypatch.setattr(links._xcom(), "get_value", lambda key, ti_key: project if ti_key == "ran" else None)
    link = AtlasProjectLink()
    assert link.get_link(create(), ti_key="ran") == "https://cloud.mongodb.com/v2/0123456789abcdef01234567#/clusters"
    assert link.get_link(create(), ti_key="new") == ""
