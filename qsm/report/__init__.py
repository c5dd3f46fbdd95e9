"""The story of a migration, and its forms for people and for scripts."""
