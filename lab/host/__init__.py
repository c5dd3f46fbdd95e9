"""One lab host.

process.py          the process: boots the host with its engine, hands out the levers
running.py          the parts of a host that is on; place.py: where its things lie
engine.py           the seam to the engine
model.py            Windows' half and Hyper-V's half, as what runs on the host finds them
levers.py           what the laboratory may do to it, behind its control socket; handle.py is the other end
faults.py           what goes wrong at a named moment; cmdlets.py and wire_faults.py ask for it
windows_process.py  who runs on the host: processes that a fault or an administrator can end
powershell_line.py  what a command line asks of powershell.exe
tally.py            what PowerShell processes have cost
"""
