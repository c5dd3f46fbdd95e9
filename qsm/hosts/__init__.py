"""Talking to a host: the interface, its implementation over pywinrm, the table of operations."""
