"""What `scripts/generate_stubs.py` reads and writes, one file for each kind of text."""
