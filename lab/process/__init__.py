"""Processes of a laboratory: they die with what started them, and are steered over sockets.

children.py, dying_with_parent.py   child processes that the kernel ends with their parent
control.py                          levers on a process, over a socket in its folder
message_lines.py                    JSON lines between a parent and its child
"""
