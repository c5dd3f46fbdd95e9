"""What follows from the facts, as pure functions: reasons against a migration, places, room."""
