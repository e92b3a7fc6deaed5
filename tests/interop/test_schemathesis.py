"""Some thousands of requests, made from the API's description to be right and to be wrong, the same in every run."""

import json
import pathlib
import subprocess
import sys

import openapi

OPTIONS = {
    "--checks": "not_a_server_error,response_schema_conformance",
    "--phases": "examples,coverage,fuzzing",
    "--max-examples": 20,
    "--request-timeout": 10,
    "--warnings": "off",
}


def test_no_request_makes_a_server_error(emulator, tmp_path):
    document = tmp_path / "atlas.json"
    document.write_text(json.dumps(openapi.DOCUMENT))
    command = [
        pathlib.Path(sys.executable).with_name("schemathesis"),
        *("run", document, "--url", emulator.url, "--generation-deterministic", "--no-color"),
        *("--header", f"Authorization: Bearer {emulator.access_token}"),
        *(part for option in OPTIONS.items() for part in option),
    ]
    ended = subprocess.run(
        list(map(str, command)), cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert ended.returncode == 0, ended.stdout[-6_000:] + ended.stderr[-2_000:]
