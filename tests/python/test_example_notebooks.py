"""The notebooks in `examples/` run from top to bottom in a kernel, and a cell that waits can be interrupted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "examples").glob("*.ipynb"))
# The kernel's own: it says so on every start.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:.*TCP without encryption.*")


def read(path: Path) -> Any:
    untyped: Any = nbformat
    return untyped.read(path, as_version=4)


def run(path: Path) -> list[dict[str, Any]]:
    """The cells of code after they ran; a cell that fails raises."""
    notebook = read(path)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def html(cell: dict[str, Any]) -> str:
    """All HTML that a cell shows."""
    return "".join(output["data"].get("text/html", "") for output in cell["outputs"] if "data" in output)


def test_there_are_three() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["fleet", "migrate", "quickstart"]


def test_they_are_kept_without_their_output_and_need_no_asyncio_run() -> None:
    for path in NOTEBOOKS:
        for cell in read(path).cells:
            assert cell.get("outputs", []) == [], path
            assert cell.cell_type != "code" or "asyncio.run" not in cell.source, path


def test_quickstart() -> None:
    cells = run(NOTEBOOKS[2])
    credentials, created, listed, raw, wrong, awaited, iterated, connected, again, left, down, deleted = cells
    assert "service_account" in html(credentials)
    assert "orders → IDLE: IDLE" in html(created)
    assert "#00884f" in html(created)  # it ends full and green
    assert "width:12.00em" in html(created)
    assert "mongodb+srv://" in created["outputs"][-1]["data"]["text/plain"]
    assert "orders</td>" in html(listed)
    assert "that is all" in html(listed)
    assert '<b style="color:#00884f">200</b> attempts: 1' in html(raw)
    assert "providerSettings.regionName" in html(wrong)
    assert "US_EAST_1" in html(wrong)
    assert "env=dev, team=data" in html(awaited)
    assert iterated["outputs"][0]["data"]["text/plain"] == "['orders']"
    assert "******" in html(connected)
    shown = [cell["outputs"][-1]["data"]["text/plain"] for cell in (again, left, down)]
    assert [shown[0].count("'found'"), shown[1], shown[2].count("'deleted'")] == [3, "['orders']", 3]
    assert "orders → DELETED: DELETED" in html(deleted)


def test_fleet() -> None:
    _, _, failed, listed, three, _ = run(NOTEBOOKS[0])
    assert "ValidationError" in html(failed)
    assert html(listed).count("<tr>") == 11
    assert "and more" in html(listed)
    assert re.findall(r">(team-\d\d)<", html(three)) == re.findall(r">(team-\d\d)<", html(listed))[:3]


def test_migrate() -> None:
    _, refused, converted, created, _ = run(NOTEBOOKS[1])
    assert 'on_retired="flex"' in refused["outputs"][0]["text"]
    assert "<b>lost</b>" in html(converted)
    assert "serverlessBackupOptions" in html(converted)
    assert created["outputs"][-1]["data"]["text/plain"] == "('IDLE', ['legacy'])"


@pytest.mark.parametrize("call", ["client.create_flex_cluster(", "await asynchronous.create_flex_cluster("])
def test_a_cell_that_waits_can_be_interrupted(call: str) -> None:
    """The interval of polls is an hour: only the interruption ends the cell."""
    kernel = KernelManager(kernel_name="python3")
    kernel.start_kernel()
    client = kernel.blocking_client()
    client.start_channels()
    shown: list[Any] = []

    def heard(message: dict[str, Any]) -> None:
        shown.append(message["content"])
        if "→ IDLE: CREATING" in str(message["content"]) and not interrupted:
            interrupted.append(True)
            kernel.interrupt_kernel()

    interrupted: list[bool] = []
    try:
        client.wait_for_ready(timeout=120)
        code = f"""
            from atlas_serverless import Emulator
            emulator = Emulator(provisioning="manual")
            client, asynchronous = emulator.client(), emulator.async_client()
            {call}
                name="orders", provider_settings={{"backing_provider_name": "AWS", "region_name": "US_EAST_1"}},
                wait=True, progress=True, interval=3600, timeout=7200,
            )"""
        lines = [line.removeprefix(" " * 12) for line in code.splitlines()]
        reply = client.execute_interactive("\n".join(lines), timeout=120, output_hook=heard)
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)
    assert reply["content"]["ename"] in ("KeyboardInterrupt", "CancelledError")
    text = str(shown)
    assert "orders → IDLE: CREATING: the wait was given up" in text
    assert "nobody waits for it any more" in text
