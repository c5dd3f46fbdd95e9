"""The witness outside both hosts: it hears of every acknowledged write."""
