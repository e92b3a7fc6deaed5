"""`make wheels`: builds the wheels, checks them, installs and runs them, and writes the table in `docs/install.md`."""
