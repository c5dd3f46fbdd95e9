"""A real PowerShell engine behind a lab host: processes of its own, Windows' cmdlets answered by the host model.

processes.py    starts the program for the endpoint and for scheduled tasks
bridge.py       answers the cmdlets of those processes, over a socket in the host's folder
error_records.py    error records as each module of Windows writes them
cmdlets.py, shapes.py, hyperv_cmdlets.py, windows_cmdlets.py, wmi*.py    what each cmdlet is in the host model
standins.py     writes the module of stand-ins for a Windows version, from cmdlets.json
"""
