"""Plain Rust, current-thread, with a fresh digest challenge for every create."""

AUTH = ("digest",)
COMMAND = ["bench-floor", "--rt", "current", "--digest", "naive"]
MODES = ("seq", "conc", "cold")
