"""One lab host.

process.py          the host's process: everything that is gone when its power goes
levers.py           what the laboratory may do to it, behind its control socket; handle.py is the other end
faults.py           what goes wrong at a named moment; cmdlets.py asks for it around each cmdlet of Hyper-V
windows_process.py  who runs on the host: processes that a fault or an administrator can end
powershell_line.py  what a command line asks of powershell.exe
tally.py            what PowerShell processes have cost
"""
