"""Prefect flows: the order of phases, nothing else."""
