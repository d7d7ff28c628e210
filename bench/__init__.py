"""Measurements of Virtward: `make bench` prints the table of limits and writes `build/bench.json`."""
