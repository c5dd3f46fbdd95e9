"""Prefect tasks: one thin wrapper per phase."""
