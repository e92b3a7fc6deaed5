"""`_repr_html_` of what calls return: tables for notebooks.

Everything that a service or a user wrote goes through :func:`_cell`, which escapes it and cuts it short. No script, no
style sheet and no outside resource: what a notebook keeps when it is shown elsewhere.
"""

from __future__ import annotations

import json
from html import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

ROWS = 10
_LONGEST = 120
_LONGEST_JSON = 4000
_COLOURS = {"IDLE": "#00884f", "DELETING": "#c8102e", "DELETED": "#c8102e"}
_BUSY = "#b26a00"
_CLUSTER = ("name", "stateName", "provider", "region", "tags", "createDate", "mongoDBVersion")
_PROJECT = ("name", "id", "clusterCount", "created", "orgId")


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def pages(listed: Any) -> str:
    """The first rows of a list, for which its first page is read, and how to go on."""
    first = listed.peek(ROWS + 1)
    taken, _, _ = listed.progress
    note = "nothing" if not first else "that is all"
    if len(first) > ROWS:
        note = "and more: <code>for … in it</code> takes them one by one, <code>list(it)</code> all, "
        note += "<code>it[:100]</code> shows a hundred"
    if taken:
        note += f"; {taken} are taken already"
    return entries(first[:ROWS], note)


def entries(rows: Sequence[Any], note: str = "") -> str:
    """Entities as the rows of a table. `note` is HTML."""
    heads = _heads(rows[:ROWS])
    shown = [[_field(row, head) for head in heads] for row in rows[:ROWS]]
    if not note and len(rows) > ROWS:
        note = f"{len(rows)} in all, the first {ROWS} are shown"
    under = f"<p><i>{note}</i></p>" if note else ""
    return (_table(heads, shown) if shown else "") + under


def response(reply: Any) -> str:
    """Status and facts of a reply, its data, and its headers to fold out."""
    facts = [f"attempts: {reply.attempts}", f"elapsed: {reply.elapsed:.3f} s"]
    if reply.reconciled:
        facts.append("reconciled: the reply was lost, it was found by name")
    if reply.sunset is not None:
        facts.append(f"the endpoint ends on {reply.sunset:%Y-%m-%d}")
    colour = _COLOURS["IDLE"] if reply.status < 400 else _COLOURS["DELETING"]
    head = f'<p><b style="color:{colour}">{reply.status}</b> {escape(", ".join(facts))}</p>'
    headers = _table(("header", "value"), reply.headers.pairs())
    return f"{head}{_value(reply.data)}<details><summary>headers</summary>{headers}</details>"


def create_result(result: Any) -> str:
    """How one operation of `create_many` ended."""
    if result.error is not None:
        words = Html(f'<span style="color:{_COLOURS["DELETING"]}">{_cell(type(result.error).__name__)}</span>')
        return _table(("#", "name", "error", "why"), [(result.index, _name(result.operation), words, result.error)])
    entity = getattr(result.value, "data", result.value)
    entity = entity.get("content", entity) if isinstance(entity, dict) else {}
    return _table(
        ("#", "name", "state"), [(result.index, _name(result.operation), _state(str(entity.get("stateName", ""))))]
    )


def conversion(converted: Any) -> str:
    """The spec, and what is lost and changed."""
    parts = [_json(converted.spec)]
    if converted.lost:
        rows = [(field["field"], _compact(field["value"]), field["why"]) for field in converted.lost]
        parts.append("<p><b>lost</b></p>" + _table(("field", "value", "why"), rows))
    if converted.changed:
        changed = [
            (field["field"], _compact(field["from"]), _compact(field["to"]), field["why"])
            for field in converted.changed
        ]
        parts.append("<p><b>changed</b></p>" + _table(("field", "from", "to", "why"), changed))
    return "".join(parts)


def validation_error(error: Any) -> str:
    """The violations."""
    from atlas_serverless.errors._text import without_secrets

    rows = [(violation["path"], without_secrets(violation["message"])) for violation in error.violations]
    more = f"<p><i>and {len(rows) - 50} more</i></p>" if len(rows) > 50 else ""
    head = f'<p><b style="color:{_COLOURS["DELETING"]}">{_cell(type(error).__name__)}</b></p>'
    return head + (_table(("field", "what is wrong"), rows[:50]) if rows else f"<p>{_cell(error)}</p>") + more


def credentials(found: Any) -> str:
    """Which are used and where they were found, never a secret."""
    rows = [
        ("kind", found.kind),
        ("id", found.id or ""),
        ("found in", found.source),
        ("service", f"{found.base_url} ({found.base_url_source})"),
    ]
    explained = escape(found.explain())
    return f"{_table((), rows)}<details><summary>what was looked at</summary><pre>{explained}</pre></details>"


def _heads(rows: Sequence[Any]) -> Sequence[str]:
    """The columns that some row has."""
    dicts = [row for row in rows if isinstance(row, dict)]
    if len(dicts) < len(rows):
        return ("",)
    for known in (_CLUSTER, _PROJECT):
        if all(known[0] in row and known[2 if known is _PROJECT else 1] in row for row in dicts):
            return [head for head in known if any(_plain(row, head) for row in dicts)]
    keys = dict.fromkeys(key for row in dicts for key, value in row.items() if not isinstance(value, (dict, list)))
    return list(keys)[:6]


def _field(row: Any, head: str) -> Any:
    if not isinstance(row, dict):
        return row
    return _state(str(row.get(head, ""))) if head == "stateName" else _plain(row, head)


def _plain(row: dict[str, Any], head: str) -> Any:
    if head in ("provider", "region"):
        settings = row.get("providerSettings") or {}
        return settings.get("backingProviderName" if head == "provider" else "regionName", "")
    if head == "tags":
        return ", ".join(f"{tag.get('key')}={tag.get('value')}" for tag in row.get("tags") or ())
    return row.get(head, "")


def _name(operation: Any) -> str:
    try:
        return str(operation["name"])
    except (KeyError, TypeError):
        return ""


def _state(state: str) -> Html:
    return Html(f'<span style="color:{_COLOURS.get(state, _BUSY)};font-weight:600">{_cell(state)}</span>')


def _value(value: Any) -> str:
    """A reply's data: a page as a table, anything else as JSON."""
    if isinstance(value, dict) and isinstance(value.get("results"), list):
        return entries(value["results"], f"{len(value['results'])} of {_cell(value.get('totalCount', '?'))}")
    return "" if value is None else _json(value)


def _json(value: Any) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return f"<pre>{escape(text if len(text) <= _LONGEST_JSON else text[:_LONGEST_JSON] + ' …')}</pre>"


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _table(heads: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    head = "".join(f'<th style="text-align:left">{_cell(head)}</th>' for head in heads)
    body = "".join(
        "<tr>" + "".join(f'<td style="{_style(cell)}">{_cell(cell)}</td>' for cell in row) + "</tr>" for row in rows
    )
    return f"<table>{f'<thead><tr>{head}</tr></thead>' if head else ''}<tbody>{body}</tbody></table>"


def _style(cell: Any) -> str:
    """A time or a region stays in one line; only what is long may be broken."""
    return "text-align:left" + (";white-space:nowrap" if len(str(cell)) <= 24 else "")


def _cell(value: Any) -> str:
    if isinstance(value, Html):
        return value
    text = str(value)
    return escape(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")
