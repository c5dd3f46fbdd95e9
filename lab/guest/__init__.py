"""The guest: the program inside a VM that writes all the time, so that a lost write is noticed.

blocks.py        what it writes: blocks that say where they belong and when they were written
guest.py         the program, its workload, and the memory in which it keeps what each block holds
saved_memory.py  that memory as the file of a saved state
"""
