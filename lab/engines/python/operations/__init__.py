"""The module's operations in Python, one for one, for the lab's engine that needs no PowerShell.

What a host does when it is called stands in docs/contract.md; this package is one of its two implementations. It knows no
rule of Windows or Hyper-V: those live in `lab.platform` and `lab.hyperv`, at the level of cmdlets, and here is only what
the module's functions make of them.

    dispatch.py (call line -> answer) ── journal.py, records.py (what is written down) ── state_folder.py
         │
      table.py (name -> function)
         ├── survey.py, facts.py            questions
         ├── checkpoint.py, shares.py       while the VM runs
         ├── copies.py ── copy_task.py      BITS, in a task of SYSTEM  ┐ work.py
         ├── merges.py                      the same for merges        ┘
         ├── cutover.py, importing.py       the offline window
         ├── handover.py, undo.py           who owns the VM
         └── cleanup.py, removal.py         the source, last
"""
