"""What docs/security.md promises, and the figures of the runs that it shows."""
