"""The command `qsm`.

Help, and the word about a wrong option, must not wait for what they do not need: importing Prefect, WinRM or the
laboratory takes longer than all else. So a module with commands imports Typer and values without a weight at its head,
and what a command works with inside the command. `tests/unit/test_quick_command.py` keeps it so.
"""
