"""One file per measure. Each has `measure(builds, runs=...)`, which returns the rows of its table."""
