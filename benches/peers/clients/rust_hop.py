"""Plain Rust, --rt hop (see floor/src/main.rs)."""

AUTH = ("bearer", "digest")
COMMAND = ["bench-floor", "--rt", "hop"]
MODES = ("seq", "cold")
