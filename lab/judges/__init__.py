"""Judges of what came of a migration; they share nothing with the product."""
