"""A VM that nothing speaks against, and one of its files, as a host reports them."""

from __future__ import annotations

from qsm.facts.files import DiskFile, VMDisk
from qsm.facts.machines import VMFacts


def disk_file(**changes: object) -> DiskFile:
    facts = {
        "path": r"D:\sql\sql.vhdx", "length_bytes": 1, "last_write_ticks": 1, "format": "VHDX", "type": "Dynamic",
        "size_bytes": 1 << 30, "parent_path": None, "disk_identifier": "d", "content_identity": "c",
    }  # fmt: skip
    return DiskFile.model_validate({**facts, **changes})


def vm(*, file: DiskFile | None = None, **changes: object) -> VMFacts:
    file = file or disk_file()
    disk = VMDisk(slot="SCSI 0:0", path=file.path, pass_through=False, shared=False, chain=(file,), error=None)
    facts = {
        "vm_id": "0123abcd-0000-0000-0000-000000000000", "name": "sql-01", "planned": False, "generation": 2,
        "version": "10.0", "path": r"D:\sql", "configuration_location": r"D:\sql", "snapshot_file_location": r"D:\sql",
        "smart_paging_file_path": r"D:\sql", "state": "Running", "operational_status": ["Ok"], "uptime_seconds": 1.0,
        "memory_assigned_bytes": 1, "memory_startup_bytes": 1, "memory_maximum_bytes": 1, "dynamic_memory": False,
        "processor_count": 1, "processor_compatibility": False, "automatic_start_action": "Nothing",
        "automatic_stop_action": "Save", "guest_shutdown": "Ok", "guest_product": None,
        "checkpoint_type": "Production", "clustered": False, "automatic_checkpoints": False, "replication_mode": "None",
        "notes": "", "disks": [disk],
        "adapters": [], "dvd_paths": [], "checkpoints": [], "obstacles": [], "unanswered": [], "volumes": [],
        "saved_state_files": [], "lock": None,
    }  # fmt: skip
    return VMFacts.model_validate({**facts, **changes})
