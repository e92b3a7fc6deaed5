"""What the client says in words of Python, in words of the shell: options and commands for arguments and methods."""

from __future__ import annotations

import re

_ON_PYTHON_PROJECT = r"give group_id= to the call, or once to Client\(group_id=…\), or set"
_ON_PYTHON_CREDENTIALS = r"Give client_id and client_secret .*?“atlas auth login”\. Looked at: .*"
_CREDENTIALS = (
    "Set MONGODB_ATLAS_CLIENT_ID and MONGODB_ATLAS_CLIENT_SECRET (a service account, recommended), or "
    "MONGODB_ATLAS_PUBLIC_API_KEY and MONGODB_ATLAS_PRIVATE_API_KEY (an API key), or run “atlas auth login”; "
    "`atlas-serverless doctor` says where was looked"
)

# Whole phrases first, then calls, then single words: the first that fits takes its text away from the later ones.
_PHRASES: tuple[tuple[str, str], ...] = (
    (_ON_PYTHON_PROJECT, "give --project-id, or set"),
    (_ON_PYTHON_CREDENTIALS, _CREDENTIALS),
    (
        r"create_flex_cluster\(group_id, \*\*to_flex_spec\(spec\)\.spec\)",
        "`atlas-serverless flex create --spec`, from what `atlas-serverless convert` prints",
    ),
    (r" \(Client\(on_retired=\"flex\"\) for all methods\)", ""),
    (r"create_flex_cluster, to_flex_spec, on_retired=\"flex\"", "`atlas-serverless flex create` (--on-retired flex)"),
    (
        r"the project is the first argument(?: of create_flex_cluster)?, group_id",
        "give the project to the command, as --project-id",
    ),
    (r"\(token_cache=\"file\" or ATLAS_SERVERLESS_TOKEN_CACHE=file\)", "(without --no-token-cache)"),
    (r"\(token_cache=\"file\"\)", "(without --no-token-cache)"),
    (r"share one client among all calls, so that they are paced together", "run fewer commands at a time"),
    (r"Share one client among all calls, so that they are paced together", "Run fewer commands at a time"),
    (r"the other way round, group_id=('.*?'), name=('.*?')", r"the other way round: GROUP_ID is \1, NAME is \2"),
    (r", or allow_insecure_http=True", ""),
    (r"list_rate_limits\(\)", "`atlas-serverless api GET rateLimits`"),
    (r" ?\((?:timeout, )?max_retr(?:ies|y_time)\)", ""),
    (r"list_projects\(\) has its id", "`atlas-serverless projects list` has its id"),
    (r"find\(\) says what it is", "`atlas-serverless serverless get` and `flex get` say what it is"),
    (r"find\(group_id, name\) looks for", "`atlas-serverless flex get` looks for"),
    (r"(?:the )?(flex_cluster|serverless_instance) methods", r"the commands of `atlas-serverless \1`"),
    (r"\brequest\(\)", "`atlas-serverless api`"),
    (r"extra_fields sends", "`atlas-serverless api` sends"),
    (r"\bterminationProtectionEnabled=False", "--no-termination-protection"),
    (r"give password= \(or ATLAS_SERVERLESS_DB_PASSWORD\)", "set ATLAS_SERVERLESS_DB_PASSWORD"),
    (r"reset_password=True for a new one", "give --reset-password --show-password for a new one"),
    (r"give access=, such as an address", "give --access with an address"),
    (r"say wait=True, timeout=(\d+)", r"say --wait --timeout \1"),
    (r"HTTPS_PROXY or proxy=", "HTTPS_PROXY"),
    (r"ca_file, --ca-file, ", "--ca-file, "),
    (r"\bca_file\b", "SSL_CERT_FILE"),
    (r"\bwait=True", "--wait"),
    (r"\bstate=\"(\w+)\"", r"--state \1"),
    (r"\b(on_retired|if_exists|on_timeout)=\"?(\w+)\"?", r"--\1 \2"),
    (r"\bmissing_ok=True", "--missing_ok"),
    (r"\bon_timeout is \"delete\"", "--on_timeout is delete"),
    (r"\b(add|remove)_tags\b", r"--\1-tag"),
    (r"Client\((--[\w -]+)\)", r"\1"),
    (r"(?:Client\()?\bgroup_id=(?:…|\.\.\.)?\)?", "--project-id"),
)
_METHODS = re.compile(
    r"\b(create|get|list|update|delete|upgrade|wait_for)"
    r"_(flex_cluster|serverless_instance|database_user|access_list_entr|project)(?:s|y|ies)?\b(?:\([^()]*\))?"
)
_COMMANDS = {
    "flex_cluster": "flex",
    "serverless_instance": "serverless",
    "database_user": "dbusers",
    "access_list_entr": "accesslist",
    "project": "projects",
}
_WORDS = ("group_id", "base_url", "on_retired", "if_exists", "on_timeout", "missing_ok")


def in_shell_words(text: str, about: str = "") -> str:
    """``on_retired="flex"`` as ``--on-retired flex``, ``get_flex_cluster`` as ``atlas-serverless flex get``.

    `about`: the whole message that this is from, which says what kind of cluster it is about.
    """
    is_serverless = any(word in (about or text) for word in ("/serverless/", "SERVERLESS_INSTANCE"))
    other = "flex" if is_serverless else "serverless"
    text = text.replace("find() looks for both kinds", f"`atlas-serverless {other} get` looks for the other kind")
    for pattern, words in _PHRASES:
        text = re.sub(pattern, words, text)
    text = _METHODS.sub(_command, text)
    for kind in ("flex_cluster", "serverless_instance"):
        text = text.replace(f"`atlas-serverless {kind}`", f"`atlas-serverless {_COMMANDS[kind]}`")
    text = re.sub(r"--(on|if|missing)_(\w+)", r"--\1-\2", text)
    return re.sub(rf"(?<![\w-])({'|'.join(_WORDS)})(?![\w=])", _option, text)


def _command(found: re.Match[str]) -> str:
    action = "wait" if found[1] == "wait_for" else found[1]
    return f"`atlas-serverless {_COMMANDS[found[2]]} {action}`"


def _option(found: re.Match[str]) -> str:
    return "--project-id" if found[1] == "group_id" else f"--{found[1].replace('_', '-')}"
