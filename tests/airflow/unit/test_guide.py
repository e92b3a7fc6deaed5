"""The Python of docs/airflow.md: each operator on the page is executed, in the order of the page."""

import pathlib
import re

from airflow.exceptions import TaskDeferred
from triggering import fire

from atlas_serverless.integrations.airflow import operators, sensors

PAGE = pathlib.Path(__file__).resolve().parents[3] / "docs" / "airflow.md"
CLASSES = {
    name: one
    for module in (operators, sensors)
    for name, one in vars(module).items()
    if name.startswith("Atlas") and name not in {"AtlasOperator", "AtlasProjectLink"}
}


def blocks():
    return re.findall(r"^```py\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def as_installed(code):
    try:
        import airflow.sdk  # noqa: F401
    except ImportError:
        return code.replace("from airflow.sdk import task", "from airflow.decorators import task")
    return code


def run(operator, context):
    operator.render_template_fields(context)
    try:
        return operator.execute(context)
    except TaskDeferred as deferred:
        return operator.execute_complete(context, fire(deferred.trigger))


def test_every_operator_of_the_page_runs(atlas, context):
    atlas.set_calendar("2026")
    context |= {"ds_nodash": "20260810"}
    page = {}
    ran = {}
    for block in blocks():
        before = set(page)
        exec(compile(as_installed(block), str(PAGE), "exec"), page)
        tasks = [page[name] for name in page if name not in before and type(page[name]) in CLASSES.values()]
        for task in tasks:
            ran[type(task).__name__] = run(task, context)
    assert ran.keys() == CLASSES.keys()
    assert ran["AtlasCreateFlexClusterOperator"]["name"] == "orders-20260810"
    assert ran["AtlasUpdateFlexClusterOperator"]["tags"] == [
        {"key": "env", "value": "dev"},
        {"key": "run", "value": "20260810"},
    ]
    assert atlas.instances() == []
    names = page["names"].function
    assert names() == []
    atlas.add_instance("orders", tags={"env": "dev"})
    assert names() == ["orders"]


def test_the_page_names_everything():
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in CLASSES if name not in text] == []
