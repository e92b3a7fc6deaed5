"""Plain Rust, --rt current (see floor/src/main.rs)."""

AUTH = ("bearer", "digest")
COMMAND = ["bench-floor", "--rt", "current"]
MODES = ("seq", "conc", "kept", "cold")
