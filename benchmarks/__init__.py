"""How fast kogine is beside plain Python: `python -m benchmarks`, or `make bench`."""
