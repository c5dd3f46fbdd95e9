"""How a migration ends: the way home, the way forward, and the choice between them."""
