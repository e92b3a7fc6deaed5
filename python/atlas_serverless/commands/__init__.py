"""The subcommands of `atlas-serverless`.

Each module has ``add_parser(subparsers)``, which adds one subcommand or more, and ``run(args) -> int``, which carries
out any of them and returns the exit code. A module imports what it works with inside `run`, so that `--help` is quick.
Usage errors that argparse cannot see are `UsageError`; what the client raises goes through.
"""

MODULES = ("instances", "convert", "emulator", "completion", "version")
"""In the order of `atlas-serverless --help`."""


class UsageError(Exception):
    """The command line cannot be carried out as it stands: exit code 2."""


class CommandError(Exception):
    """The command cannot do its work, for a reason that is not the client's: exit code 1."""
