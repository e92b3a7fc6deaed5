"""A page for each error code, and the table of all, from `src/core/error/codes.csv`.

What is sent again is read from the table in `src/core/policy/retry.rs`, where it is decided; what Atlas says, from the
recorded replies.
"""

from __future__ import annotations

import ast
import json
import re
from http import HTTPStatus
from pathlib import Path

import generate_error_codes as codes

PAGE = """\
---
title: {code}
description: HTTP {status}, {class_name}. {advice}
---

# {code} {{ #atlas_serverless.errors.{class_name} }}

| | |
| --- | --- |
| **Class** | `atlas_serverless.errors.{class_name}`, a kind of {parents} |
| **Status** | {status} {phrase} |
| **Cause** | {cause} |
| **Remedy** | {advice} |
| **Retried** | {retried} |
| **Basis** | {basis} |

```text
except errors.{class_name} as error:
    print(error.detail, error.parameters, error.hint)
```
{recorded}
[All error codes](index.md) · [what is tried again](../retries.md) · \
[Atlas' own list](https://www.mongodb.com/docs/atlas/reference/api-errors/)
"""
INDEX = """\
---
title: Errors by code
---

# Errors by code

Each of Atlas' {count} error codes that this version knows has a class of its own, under that of its HTTP status, and a
page here that says what to do. `except errors.NotFoundError` catches every 404; `error.hint` is the remedy of these
pages. A code that is not listed gets the class of its status. The classes without a code, of the client itself and of
each status, are in the [reference](../reference/errors.md).
"""
RECORDED = """
As Atlas was recorded answering (ids changed):

```json
{body}
```
"""
#: What the table in `retry.rs` says for each kind of request, in the words of these pages.
KINDS = ("reads, updates, deletions", "a create", "another POST or PATCH")
BASES = {
    "documented": "documented by Atlas",
    "observed": "observed in replies; not in Atlas' list",
    "assumed": "assumed: the status is that of codes like it",
}


def pages(root: Path) -> dict[str, str]:
    """The table and one page for each code."""
    rows, classes = codes.read_table(), codes.read_classes()
    statuses = codes.status_classes(classes)
    meanings = {node.name: _meaning(node) for node in classes}
    recorded, retried = _recorded(root), retry_table(root)
    made = {"errors/index.md": INDEX.format(count=len(rows)) + _index(rows, statuses)}
    for row in rows:
        parents = codes.PARENTS.get(row.code) or (statuses[row.status],)
        made[f"errors/{row.code}.md"] = PAGE.format(
            code=row.code,
            status=row.status,
            phrase=HTTPStatus(row.status).phrase,
            class_name=row.class_name,
            parents=" and ".join(f"[`{name}`][atlas_serverless.errors.{name}]" for name in parents),
            cause=_cell(meanings[statuses[row.status]]),
            advice=_cell(row.sentence),
            retried=_cell(retried.get(row.status) or retried[0]),
            basis=BASES[row.basis],
            recorded=RECORDED.format(body=recorded[row.code]) if row.code in recorded else "",
        )
    return made


def _index(rows: list[codes.Row], statuses: dict[int, str]) -> str:
    text = []
    for status in sorted({row.status for row in rows}):
        text += [f"\n## {status} {HTTPStatus(status).phrase}\n"]
        text += [f"[`{statuses[status]}`][atlas_serverless.errors.{statuses[status]}]\n"]
        text += ["| code | class | remedy |\n| --- | --- | --- |"]
        for row in (row for row in rows if row.status == status):
            advice = _cell(row.sentence) if row.advice else ""
            text += [f"| [`{row.code}`]({row.code}.md) | `{row.class_name}` | {advice} |"]
    return "\n".join(text) + "\n"


def retry_table(root: Path) -> dict[int, str]:
    """For each status what is sent again; under 0 what holds for any other."""
    text = (root / "src/core/policy/retry.rs").read_text(encoding="utf-8")
    found: dict[int, str] = {}
    for line in re.findall(r"^//! \| (.+) \|$", text, re.MULTILINE)[2:]:
        what, *cells = (cell.strip() for cell in line.split(" | "))
        said = "; ".join(f"{kind}: {cell}" for kind, cell in zip(KINDS, cells, strict=False))
        said = said.replace("again", "sent again").replace("fail", "not sent again")
        said = "no" if {*cells[:3]} == {"fail"} else said
        listed = [int(status) for status in re.findall(r"\b\d{3}\b", what)]
        if "any other 5xx" in what:
            listed = [status for status in range(500, 600) if status not in found]
        if what == "anything else":
            listed = [0]
        found |= {status: said for status in listed if status not in found}
    return found


def _meaning(node: ast.ClassDef) -> str:
    """The first paragraph of a class's docstring, without its status."""
    said = " ".join((ast.get_docstring(node) or "").partition("\n\n")[0].split())
    said = re.sub(r"^\d\S*: ", "", said)
    return said[:1].upper() + said[1:]


def _recorded(root: Path) -> dict[str, str]:
    """The body of a recorded reply for each code that one was recorded of."""
    found: dict[str, str] = {}
    for path in sorted((root / "tests/fixtures/recordings").glob("*.http")):
        body = path.read_text(encoding="utf-8").replace("\r\n", "\n").partition("\n\n")[2].strip()
        if not body.startswith("{"):
            continue
        reply = json.loads(body)
        if isinstance(reply.get("errorCode"), str):
            found.setdefault(reply["errorCode"], json.dumps(reply, indent=2, ensure_ascii=False))
    return found


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
