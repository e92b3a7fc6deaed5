"""The table of clients and operations says what this run saw."""

import report


def test_the_table_in_the_documentation_is_this_runs(outcomes):
    failed = [
        f"{client}: {name}"
        for client, calls in outcomes.clients.items()
        for name, what in calls.items()
        if what == "failed"
    ]
    changed = report.update(outcomes.table())
    assert not failed, failed
    assert not changed, f"{report.DOCUMENT.name} said something else; it is rewritten now: commit it"
