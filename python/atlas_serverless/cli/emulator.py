"""`atlas-serverless emulator`: a small Atlas on 127.0.0.1, until Ctrl-C."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any


_EXAMPLE = """\
To use it from the same shell (it goes on in the background, until `kill %1`):
  atlas-serverless emulator --env > emulator.env &
  . ./emulator.env
  atlas-serverless flex list
"""


def add_parser(subparsers: Any) -> None:
    """Add `emulator`."""
    import argparse

    text = "run a small Atlas on 127.0.0.1 to test against, until Ctrl-C"
    parser = subparsers.add_parser(
        "emulator",
        help=text,
        description=f"{text[0].upper()}{text[1:]}.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="loopback address to listen on")
    parser.add_argument("--port", type=int, default=0, metavar="N", help="port to listen on (default 0: a free one)")
    parser.add_argument("--seed", metavar="FILE", help="JSON file: organizations, projects, identities, instances")
    parser.add_argument(
        "--calendar",
        default="2025",
        metavar="TIME",
        help="stage of the serverless endpoints: 2024, 2025 (default), 2025-12, 2026, 2027, clock, or a date",
    )
    parser.add_argument("--state-dir", metavar="DIR", help="folder that keeps the state over restarts")
    parser.add_argument("--scenario", metavar="FILE", help="JSON file: settings and faults to start with")
    parser.add_argument(
        "--provisioning-seconds",
        type=float,
        default=1.0,
        metavar="SECONDS",
        help="how long an instance is CREATING, UPDATING or DELETING (default 1)",
    )
    parser.add_argument(
        "--setting",
        action="append",
        default=[],
        metavar="NAME=JSON",
        help="any other setting, such as nonce_uses=1 or clusters_per_project=null; can be repeated",
    )
    parser.add_argument(
        "--atlas-limits",
        action="store_true",
        help="limit token requests to 10 a minute and live tokens to 100, as Atlas does (default: no limit)",
    )
    parser.add_argument("-o", "--output", choices=["text", "json"], default="text", help="form of the first line")
    parser.add_argument("--env", action="store_true", help="print `export` lines for a shell, and nothing else")
    parser.add_argument("--json-log", action="store_true", help="write each request to stderr as one line of JSON")


# Each command of MongoDB's CLI fetches a token: with Atlas' limits, a script of eleven would stand still.
_NO_TOKEN_LIMITS = {"token_requests_per_minute": None, "live_tokens": None}


def run(args: argparse.Namespace) -> int:
    """Run it until SIGINT or SIGTERM."""
    import threading

    from atlas_serverless.emulator import Emulator

    from ._common import CommandError

    settings: dict[str, Any] = {} if args.atlas_limits else dict(_NO_TOKEN_LIMITS)
    settings |= _settings(args)
    stopped = threading.Event()
    restore = _on_signals(stopped)
    try:
        emulator = Emulator(
            host=args.host,
            port=args.port,
            provisioning_seconds=args.provisioning_seconds,
            calendar=args.calendar,
            seed=args.seed,
            scenario=args.scenario,
            state_dir=args.state_dir,
            json_log=args.json_log,
            **settings,
        )
    except (OSError, ValueError, RuntimeError) as error:
        restore()
        raise CommandError(str(error)) from error
    try:
        with emulator:
            if args.env:
                _export(emulator.environment())
            else:
                _announce(emulator.description, args.output)
            while not stopped.wait(0.5):  # a wait without end would not see signals on Windows
                pass
    finally:
        restore()
    return 0


def _announce(description: dict[str, str], output: str) -> None:
    if output == "json":
        from ._output import print_json

        print_json(description, compact=True)
    else:
        print(f"Atlas emulator at {description['url']} (in a browser: what it holds), until Ctrl-C")
        for name, value in description.items():
            print(f"  {name:<14} {value}")
    import sys

    sys.stdout.flush()


def _export(variables: dict[str, str]) -> None:
    """Lines to paste into a shell, or to `source`.

    ``eval "$(atlas-serverless emulator --env)"`` waits for the emulator's end, so stderr says where the lines go.
    """
    import sys
    from shlex import quote

    for name, value in variables.items():
        print(f"export {name}={quote(value)}")
    sys.stdout.flush()
    where = "it runs until Ctrl-C; the lines are for another shell, or: --env > emulator.env & . ./emulator.env"
    print(f"Atlas emulator at {variables['MONGODB_ATLAS_BASE_URL']}: {where}", file=sys.stderr)


def _settings(args: argparse.Namespace) -> dict[str, Any]:
    import json

    from ._common import UsageError

    settings = {}
    for pair in args.setting:
        name, separator, value = pair.partition("=")
        if not separator:
            raise UsageError(f"--setting takes NAME=JSON, not {pair!r}")
        if name in vars(args):
            raise UsageError(f"--setting {name}: it is an option of its own, --{name.replace('_', '-')}")
        if not name.isascii():
            raise UsageError(f"--setting {name!a}: there is no setting of that name")
        try:
            settings[name] = json.loads(value)
        except (ValueError, RecursionError):
            settings[name] = value  # so that calendar=2026 and digest_algorithm=MD5 need no quotes
    return settings


def _on_signals(stopped: Any) -> Any:
    """Make SIGINT and SIGTERM end the wait; calling the result restores the handlers."""
    import signal
    import threading

    before = {}
    # Only the main thread can set handlers: a caller in another thread stops it in another way.
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, lambda *_: stopped.set())

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    return restore
