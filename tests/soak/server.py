"""The emulator in a process of its own, and the faults that a soak orders of it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import urllib.request
from typing import Any

#: Seconds that an attempt of a client may take here.
ATTEMPT = 2
#: What a server, a proxy or the network may do; some of them a few times in a part of a round.
FAULTS: list[dict[str, Any]] = [
    {"kind": "close"},
    {"kind": "reset"},
    {"kind": "half_body"},
    {"kind": "empty_body"},
    {"kind": "html"},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "rate_limited", "retry_after": 1},
    {"kind": "last_reply"},
    {"kind": "unauthorized"},
    {"kind": "expire_tokens"},
    {"kind": "stale_nonce", "authorization": "digest"},
    {"kind": "stall"},
    {"kind": "stall", "after_store": True},
    {"kind": "delay", "seconds": 0.5},
    {"kind": "delay", "seconds": ATTEMPT + 0.5},
]
#: A client that was refused two tokens in a row keeps the second one for a minute, and says so in each call. That is
#: right, and slow: more than one of these in a row is ordered in one round of this many.
TOKEN_FAULTS, MANY_TOKEN_FAULTS_EVERY = ("unauthorized", "expire_tokens"), 20


class Server:
    """The emulator in a process of its own."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "atlas_serverless", "emulator", "--output", "json"]
        command += ["--provisioning-seconds", "0"]
        # Without limits in the headers: a client that is told of them would spend the hour waiting.
        for setting in (
            "clusters_per_project=null",
            "rate_limits=false",
            "rate_limit_headers=false",
            "request_log=200",
        ):
            command += ["--setting", setting]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.facts: dict[str, Any] = json.loads(self.process.stdout.readline())

    def control(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{self.facts['url']}/_emulator/{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.load(reply)

    def order(self, chance: random.Random, number: int) -> None:
        many = number % MANY_TOKEN_FAULTS_EVERY == MANY_TOKEN_FAULTS_EVERY - 1
        for fault in chance.sample(FAULTS, 6):
            times = chance.randint(1, 4)
            if fault["kind"] in TOKEN_FAULTS and not many:
                times = 1
            self.control("POST", "faults", {**fault, "times": times})

    def arguments(self, account: str) -> dict[str, Any]:
        """Of a client that gives up late: what is looked for here are wrong results, not slow ones."""
        secret = {"service account": ("client_id", "client_secret"), "API key": ("public_key", "private_key")}[account]
        facts = {name: self.facts[name] for name in (*secret, "group_id")}
        return facts | {"base_url": self.facts["url"], "max_retries": 20, "timeout": ATTEMPT}

    def stored(self) -> set[str]:
        snapshot = self.control("GET", "snapshot")
        return {instance["name"] for project in snapshot["projects"] for instance in project.get("instances", [])}

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)
