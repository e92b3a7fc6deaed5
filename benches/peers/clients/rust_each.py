"""Plain Rust, --rt each (see floor/src/main.rs)."""

AUTH = ("bearer", "digest")
COMMAND = ["bench-floor", "--rt", "each"]
MODES = ("seq", "cold")
