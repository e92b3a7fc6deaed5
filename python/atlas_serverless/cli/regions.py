"""`atlas-serverless regions`: the regions that this version knows, without a request."""

from __future__ import annotations

from ._common import provider
from ._output import print_result

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add `regions`."""
    parser = subparsers.add_parser(
        "regions",
        help="list the regions and what they offer",
        description="List the regions that this version knows, and what they offer. Nothing is sent.",
        epilog="Atlas may have new ones: a region that is not in this list is sent with a warning.",
    )
    providers = ["AWS", "AZURE", "GCP"]
    parser.add_argument("--provider", type=provider, choices=providers, help="only those of this provider")
    parser.add_argument("--flex", action="store_true", help="only those that have Flex clusters")
    parser.add_argument("-o", "--output", choices=["json", "table", "yaml", "name"], help="as in the other commands")


def run(args: argparse.Namespace) -> int:
    """Print them."""
    from atlas_serverless._core import regions

    found = [
        region
        for region in regions()
        if args.provider in (None, region["provider"]) and (region["flex"] == "yes" or not args.flex)
    ]
    print_result(found, args)
    return 0
