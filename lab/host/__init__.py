"""One lab host: its process, its levers, its faults."""
