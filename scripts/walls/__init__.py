"""The checks of `scripts/check_walls.py`, one file for each kind of rule."""
