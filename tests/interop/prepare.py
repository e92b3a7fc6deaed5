"""Gets the clients that we did not write, pinned, into folders of this project; does nothing when they are there.

    python3 tests/interop/prepare.py

.venv-interop           Python clients, pytest and validators      requirements.txt
tests/interop/node      Prism and MongoDB's TypeScript client      package-lock.json
.cache/interop/bin      the Go program                             go.sum
"""

import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent))

from prepare_steps import run_steps  # noqa: E402

CACHE = ROOT / ".cache" / "interop"
VENV = ROOT / ".venv-interop"
GO_PROGRAM = CACHE / "bin" / "interop-go"
TOOLS = {"curl": "Debian package curl", "go": "Go 1.26 or newer", "node": "Node.js 20 or newer", "npm": "npm"}


def run(*command, cwd=HERE, **environment):
    subprocess.run(list(map(str, command)), cwd=cwd, env=os.environ | environment, check=True)


def python():
    run(sys.executable, "-m", "venv", "--clear", VENV)
    run(
        VENV / "bin/python",
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "--no-deps",
        "-r",
        "requirements.txt",
    )


def node():
    run("npm", "ci", "--loglevel=error", cwd=HERE / "node", npm_config_cache=str(ROOT / ".cache/npm"))


def go():
    run("go", "build", "-modcacherw", "-trimpath", "-o", GO_PROGRAM, ".", cwd=HERE / "go",
        GOCACHE=str(CACHE / "go/build"), GOMODCACHE=str(CACHE / "go/mod"), GOFLAGS="-buildvcs=false")  # fmt: skip


STEPS = {
    python: ["requirements.txt"],
    node: ["node/package.json", "node/package-lock.json", "node/.npmrc"],
    go: ["go/go.mod", "go/go.sum", "go/main.go", "go/serverless.go", "go/flex.go"],
}


def main():
    missing = [f"{tool} ({what})" for tool, what in TOOLS.items() if not shutil.which(tool)]
    if missing:
        sys.exit(f"the interoperability tests need: {', '.join(missing)}")
    run_steps(HERE, CACHE, STEPS)


if __name__ == "__main__":
    main()
