"""`atlas-serverless completion SHELL`: a completion script, made by shtab (extra `[cli]`)."""

from __future__ import annotations

from ._common import CommandError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

_HOW = """\
To use it now and in new shells:
  bash:  atlas-serverless completion bash > ~/.local/share/bash-completion/completions/atlas-serverless
  zsh:   atlas-serverless completion zsh > ~/.zfunc/_atlas-serverless    (with ~/.zfunc in $fpath)
  tcsh:  atlas-serverless completion tcsh > ~/.atlas-serverless.csh      (and source it in ~/.tcshrc)
"""


def add_parser(subparsers: Any) -> None:
    """Add `completion`."""
    import argparse

    parser = subparsers.add_parser(
        "completion",
        help="print a completion script for your shell",
        description="Print a completion script for your shell. Needs shtab: pip install 'atlas-serverless[cli]'.",
        epilog=_HOW,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", choices=["bash", "zsh", "tcsh"])


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    try:
        import shtab
    except ImportError:
        raise CommandError("completion needs shtab: pip install 'atlas-serverless[cli]'") from None
    print(shtab.complete(args.parser, shell=args.shell))
    return 0
