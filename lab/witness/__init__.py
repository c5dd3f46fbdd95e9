"""The witness outside both hosts: it hears of every acknowledged write.

witness.py    the process: connections, the journal, the gate
ledger.py     every life of every VM, and what is wrong with them
questions.py  what can be asked of it
client.py     how guests tell it, and others ask it
wire.py       the frames between them
"""
