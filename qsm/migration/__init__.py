"""A migration under way: its two sides, its progress, what the hosts report now."""
