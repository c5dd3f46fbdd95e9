"""Windows' side of a stand-in host: files, access rights, shares, BITS, scheduled tasks, accounts.

Trouble: a migration leans on many rules of Windows that have nothing to do with Hyper-V, and breaks where a stand-in is
kinder than Windows: a share that survives a reboot, a BITS job that a network logon may start, a file that can be read
while a VM holds it. Answer: each rule is written here once, at the level of the cmdlets (``New-SmbShare`` is
``Shares.new_smb_share``), and every engine of the lab uses the same objects. ``platform.Platform`` composes them.
"""
