"""Plain Rust, --rt raw (see floor/src/main.rs)."""

AUTH = ("bearer", "digest")
COMMAND = ["bench-floor", "--rt", "raw"]
MODES = ("seq", "cold")
