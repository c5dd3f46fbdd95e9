"""A migration under way: its two sides, what it tells, what the hosts say now."""
