"""Where a drive hangs in its VM, and what a host shows of it.

A drive is named for good by its id, which travels with the configuration: the controller's device id and the place on it.
The number of a SCSI controller is no name: Hyper-V's module counts the controllers in the order in which an association
returns them, which nothing ties to the machine's own numbering (fact book, 8). So the laboratory keeps its own numbers to
itself, as the guest does, and each host counts as its setting says.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from lab.hyperv.model import ControllerOrder, DvdDrive, HardDiskDrive

IDE_CONTROLLER = "83F8638B-8DCA-4152-9EDA-2CA8B33039B4"  # device id of the emulated controller; both have it
SLOT = re.compile(r"(IDE|SCSI) (\d+):(\d+)")

Drive = TypeVar("Drive", HardDiskDrive, DvdDrive)


def parse(slot: str) -> tuple[str, int, int]:
    """Return controller type, the laboratory's number of the controller, and the place on it. Raises ValueError."""
    found = SLOT.fullmatch(slot)
    if found is None:
        raise ValueError(f"{slot!r} is no slot")
    return found[1], int(found[2]), int(found[3])


def drive_id(vm_id: str, slot: str) -> str:
    """Return the id of a drive: that of its VM, its controller's device id, and its place."""
    kind, number, place = parse(slot)
    if kind == "IDE":
        return f"Microsoft:{vm_id.upper()}\\{IDE_CONTROLLER}\\{number}\\{place}\\D"
    controller = str(uuid.uuid5(uuid.UUID(vm_id), f"SCSI controller {number}")).upper()
    return f"Microsoft:{vm_id.upper()}\\{controller}\\0\\{place}\\D"


def shown(drives: tuple[Drive, ...], slots: Iterable[str], *, order: ControllerOrder, look: int) -> tuple[Drive, ...]:
    """Return drives with their ids and the controller numbers of this look, in the order of the cmdlets. `slots`: all of
    the VM's."""
    count = 1 + max((number for kind, number, _ in map(parse, slots) if kind == "SCSI"), default=0)
    backwards = order == "reversed" or (order == "alternating" and look % 2 == 1)

    def told(drive: Drive) -> Drive:
        kind, number, _ = parse(drive.slot)
        shown_number = count - 1 - number if backwards and kind == "SCSI" else number
        return replace(drive, drive_id=drive_id(drive.vm_id, drive.slot), controller_number=shown_number)

    return tuple(sorted(map(told, drives), key=lambda drive: (parse(drive.slot)[0], drive.controller_number)))
