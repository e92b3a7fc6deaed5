"""`atlas-serverless completion SHELL`: a completion script, which asks `atlas-serverless __complete` for what fits."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

_HOW = """\
To use it now and in new shells:
  bash:  atlas-serverless completion bash > ~/.local/share/bash-completion/completions/atlas-serverless
  zsh:   atlas-serverless completion zsh > ~/.zfunc/_atlas-serverless    (with ~/.zfunc in $fpath)
  fish:  atlas-serverless completion fish > ~/.config/fish/completions/atlas-serverless.fish

Commands, options, regions, calendars and profiles are completed, and the names of clusters and projects, for which
Atlas is asked, for two seconds at most.
"""
# What is typed is given as the words before the cursor, the last one perhaps empty.
_SCRIPTS = {
    "bash": """\
_atlas_serverless() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("$line")
  done < <(atlas-serverless __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _atlas_serverless atlas-serverless
""",
    "zsh": """\
#compdef atlas-serverless
_atlas_serverless() {
  local -a found
  found=("${(@f)$(atlas-serverless __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "$found" ]]; then
    compadd -a found
  else
    _files
  fi
}
if [[ "$funcstack[1]" = "_atlas-serverless" ]]; then
  _atlas_serverless "$@"
else
  compdef _atlas_serverless atlas-serverless
fi
""",
    "fish": """\
function __atlas_serverless
  set -l words (commandline -opc) (commandline -ct)
  atlas-serverless __complete $words[2..-1] 2>/dev/null
end
complete -c atlas-serverless -f -a '(__atlas_serverless)'
""",
}


def add_parser(subparsers: Any) -> None:
    """Add `completion`."""
    import argparse

    parser = subparsers.add_parser(
        "completion",
        help="print a completion script for your shell",
        description="Print a completion script for your shell.",
        epilog=_HOW,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", choices=list(_SCRIPTS))


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    print(_SCRIPTS[args.shell], end="")
    return 0
