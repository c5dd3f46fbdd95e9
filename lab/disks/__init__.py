"""Virtual disk files of the lab: VHD and VHDX, fixed, dynamic and differencing, alone and in chains.

Trouble: a lab that only pretends to have disks proves nothing about a migration. Answer: the files are
real; other tools read them, and what a guest wrote can be compared byte for byte.

    files.py    make, ask, make a child, set the parent
    chain.py    open a chain as one disk
    merge.py    fold a child into its parent
    layer.py    one file of a chain, and the order of writes that survives a kill
    vhd*.py, vhdx*.py   the two formats: opening, making, structures
"""

from lab.disks.chain import VirtualDisk, open_chain, test_chain
from lab.disks.files import create_child, create_disk, read_info, set_parent
from lab.disks.locate import parent_in_same_folder
from lab.disks.merge import merge_into_parent
from lab.disks.model import (
    AllowGrowth,
    DiskError,
    DiskFormat,
    DiskInfo,
    DiskKind,
    Hresult,
    Resolver,
)

__all__ = [
    "AllowGrowth",
    "DiskError",
    "DiskFormat",
    "DiskInfo",
    "DiskKind",
    "Hresult",
    "Resolver",
    "VirtualDisk",
    "create_child",
    "create_disk",
    "merge_into_parent",
    "open_chain",
    "parent_in_same_folder",
    "read_info",
    "set_parent",
    "test_chain",
]
