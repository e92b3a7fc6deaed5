"""The table of clients and operations in docs/emulator.md, made from what a run of these tests saw."""

import pathlib

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "emulator.md"
BEGIN, END = "<!-- interop table: written by `make interop`, not by hand -->", "<!-- end of the interop table -->"
NOTES = """\
Empty: the client has no such call. Nothing is changed for a client but its base URL, except as follows.

- MongoDB's TypeScript client fetches tokens over https alone; by its own option for the HTTP client it is given a
  `fetch` that takes its https requests to the emulator's address.
- `pyatlassdk` cannot create a serverless instance, and its model refuses the `effectiveInstanceSizeName` FLEX of every
  recorded one; it runs with `calendar="2026"`, where the list is empty and a get answers 404.
- MongoDB's Go client is older than Flex: those requests go through its `NewRequest` and `Do`, with the media type that
  the Go SDK sends. Its serverless calls use the unversioned API, `/api/atlas/v1.0`.

Not here, because the module registry that these tests use does not serve them: MongoDB's Go SDK
(`go.mongodb.org/atlas-sdk`) and the Atlas CLI (`github.com/mongodb/mongodb-atlas-cli/atlascli`). The SDK signs its
requests with the two libraries named in the table, MongoDB's digest transport and `x/oauth2`.
"""
OPERATIONS = [
    "createServerlessInstance", "getServerlessInstance", "listServerlessInstances", "updateServerlessInstance",
    "deleteServerlessInstance", "createGroupFlexCluster", "getGroupFlexCluster", "listGroupFlexClusters",
    "updateGroupFlexCluster", "deleteGroupFlexCluster", "tenantGroupFlexClusterUpgrade", "listGroups", "getGroup",
    "listRateLimits", "createToken", "revokeToken",
]  # fmt: skip


class Report:
    """What each client did: `passed`, `failed`, or nothing where it has no such call."""

    def __init__(self):
        self.clients = {}

    def expect(self, client, operations):
        """Counts these operations as failed until `passed` says otherwise."""
        unknown = set(operations) - set(OPERATIONS)
        if unknown:
            raise ValueError(f"{client}: no row for {sorted(unknown)}")
        self.clients.setdefault(client, {}).update(dict.fromkeys(operations, "failed"))

    def passed(self, client, operation):
        self.clients[client][operation] = "passed"

    def table(self):
        clients = sorted(self.clients)
        legend = [f"{number}. {client}" for number, client in enumerate(clients, 1)]
        head = "| operation | " + " | ".join(str(number) for number in range(1, len(clients) + 1)) + " |"
        rule = "| --- |" + " :-: |" * len(clients)
        mark = {"passed": "✓", "failed": "**✗**", None: ""}
        rows = [
            f"| `{operation}` | " + " | ".join(mark[self.clients[client].get(operation)] for client in clients) + " |"
            for operation in OPERATIONS
        ]
        return "\n".join([*legend, "", head, rule, *rows, "", NOTES.rstrip()])


def update(table, document=DOCUMENT):
    """Puts the table between the markers, at the end where there are none; True if the document said something else."""
    before = document.read_text() if document.exists() else "# The emulator\n"
    block = f"{BEGIN}\n{table}\n{END}"
    if BEGIN in before and END in before:
        start, rest = before.split(BEGIN, 1)
        after = start + block + rest.split(END, 1)[1]
    else:
        after = f"{before.rstrip()}\n\n## Clients that we did not write\n\n{block}\n"
    if after == before:
        return False
    document.parent.mkdir(parents=True, exist_ok=True)
    document.write_text(after)
    return True
