"""Plain Rust, --rt multi (see floor/src/main.rs)."""

AUTH = ("bearer", "digest")
COMMAND = ["bench-floor", "--rt", "multi"]
MODES = ("seq", "conc", "cold")
