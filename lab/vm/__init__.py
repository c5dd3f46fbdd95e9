"""A running VM: a process of its own that holds the disks open, around the guest.

process.py   the VM as its host holds it
worker.py    the VM from inside: one thread owns guest and disks
disks.py     the disk chains that it holds open
"""
