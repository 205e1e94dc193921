"""What to run with: configs, where they come from, and how their values are read."""
