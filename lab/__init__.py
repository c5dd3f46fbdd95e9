"""Stand-in Hyper-V hosts: what a host does and refuses, without Windows.

laboratory.py   hosts and a witness in one folder, to be started and ended
keeper.py       the process that owns all others
settings.py     how a laboratory is built

The rooms below, and which of them may use which: docs/architecture.md.
"""
