"""What happened: the record of runs on disk."""
