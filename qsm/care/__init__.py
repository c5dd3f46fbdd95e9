"""Care of hosts, with no migration under way: checking and cleaning."""
