"""`atlas-serverless demo`: a cluster from create to delete, against an emulator, without an account."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add `demo`."""
    text = "create, list and delete a cluster in an emulator, without an account"
    parser = subparsers.add_parser("demo", help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.add_argument(
        "--provisioning-seconds", type=float, default=3.0, metavar="SECONDS", help="how long a change takes (default 3)"
    )


def run(args: argparse.Namespace) -> int:
    """Run the commands one after another, each as a user would type it."""
    import sys

    from atlas_serverless.emulator import Emulator
    from atlas_serverless.testing import environment

    from . import main

    commands = (
        "flex create --name orders --provider AWS --region US_EAST_1 --tag env=demo --wait",
        "flex list -o table",
        "flex update orders --add-tag team=data --wait",
        "flex delete orders --wait --yes",
    )
    with Emulator(provisioning_seconds=args.provisioning_seconds) as emulator, environment(emulator):
        print(f"An emulator of Atlas runs at {emulator.url}: nothing of this reaches your account.")
        for command in commands:
            print(f"\n$ atlas-serverless {command}", flush=True)
            code = main(command.split())
            sys.stdout.flush()
            if code:
                return code
    print("\nNext: `atlas-serverless doctor` with your own account, or `atlas-serverless emulator` to test against.")
    return 0
