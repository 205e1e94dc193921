"""How one script runs in one process."""
