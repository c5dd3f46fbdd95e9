"""Names and numbers of what a migration makes on its hosts: they must be found again, and must never meet.

Everything carries the migration id. A host's long works (copies, merges) have numbers, of which names of tasks, BITS jobs
and state files are made; a number that two works share would make one of them answer for the other.
"""

from __future__ import annotations

import re
import secrets
import time

CONFIGURATION_NUMBER = 0
"""The copy of the exported configuration: the numbers of disks begin at 1."""


def new_migration_id() -> str:
    """Time and chance: sortable, unique, and safe in every name on a host."""
    return time.strftime("%Y%m%dT%H%M%S", time.gmtime()) + "-" + secrets.token_hex(4)


def work_number(index: int, layer: int, *, disks: int) -> int:
    """The number of the copy of one file, or of the merge that begins above it.

    `index` counts the VM's disks from 1 to `disks`, `layer` the files of a chain from 0, the base. One layer of all disks
    after the other, so that no two of them meet, however many there are.
    """
    if not 1 <= index <= disks or layer < 0:
        raise ValueError(f"no layer {layer} of disk {index} among {disks}")
    return layer * disks + index


def export_folder(volume: str, migration_id: str) -> str:
    """The folder that a migration makes on a volume of the source for what is exported; it is gone with the migration."""
    return f"{volume}qsm-{migration_id}"


def checkpoint_name(migration_id: str, *, round_: int = 1) -> str:
    """Name of the checkpoint that a migration takes in a round, counted from 1; nothing else on a host has it."""
    return f"QSM {migration_id}" if round_ == 1 else f"QSM {migration_id} {round_}"


def is_our_checkpoint(name: str, migration_id: str) -> bool:
    """Whether a checkpoint of that name was taken by that migration, in whichever round."""
    return re.fullmatch(rf"QSM {re.escape(migration_id)}( ([2-9]|[1-9][0-9]+))?", name) is not None
