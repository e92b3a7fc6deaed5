"""What the Rust core calls in Python while calls run: event loops, progress and warnings. Nothing here is public."""
