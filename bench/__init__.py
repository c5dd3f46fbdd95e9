"""Benchmarks: ratios within one run, never a verdict. `make bench` runs them and writes docs/benchmarks.md."""
