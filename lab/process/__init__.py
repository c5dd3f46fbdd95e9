"""Processes of a laboratory: they die with what started them, and are steered over sockets."""
