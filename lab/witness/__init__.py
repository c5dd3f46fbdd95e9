"""The witness outside both hosts: it hears of every acknowledged write.

witness.py     the server: connections and the gate; process.py starts it
ledger.py      every life of every VM, and what is wrong with them; journal.py keeps it on disk
questions.py   what can be asked of it
client.py      how others ask; guest_link.py: how a guest tells each write
wire.py        the frames between them; connection.py opens a connection
"""
