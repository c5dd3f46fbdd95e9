"""A plan, as a host holds it in its record."""

from __future__ import annotations

from typing import Any

from qsm.plan.plan import PLAN_VERSION

VM_ID = "0123abcd-0000-0000-0000-000000000000"
FIRST, SECOND = "20300131T235959-0123abcd", "20300131T235959-4567cdef"


def plan(migration_id: str = FIRST, *, requested_by: str = "a test") -> dict[str, Any]:
    """A plan, as a host holds it."""
    file = {
        "path": r"D:\sql\sql.vhdx", "length_bytes": 1, "last_write_ticks": 1, "format": "VHDX", "type": "Dynamic",
        "size_bytes": 1, "parent_path": None, "disk_identifier": "d", "content_identity": "c",
    }  # fmt: skip
    own = [{"file": file, "target_path": r"E:\sql\sql.vhdx"}]
    return {
        "version": PLAN_VERSION, "migration_id": migration_id, "requested_by": requested_by, "vm_id": VM_ID,
        "vm_name": "sql-01", "source": "hv01", "target": "hv02", "source_computer": "HV01", "target_computer": "HV02",
        "source_smb_name": "hv01", "target_account": "X\\HV02$", "target_folder": r"E:\sql", "created_folders": [],
        "disks": [{"index": 1, "chain": {"slot": "SCSI 0:0", "own": own, "added": []}}],
        "shared_folders": [r"D:\sql"], "export_folder": f"D:\\qsm-{migration_id}",
        "switches": [], "adapters": [], "pinned": [], "state_before": "Running", "transfer": "save",
        "memory_bytes": 0, "checkpoint_type": "Production", "checkpoint_type_before": "Production",
        "automatic_checkpoints_before": False,
        "automatic_start_action": "Nothing", "keep_source": True, "reserve_bytes": 0, "source_boot_ticks": 0,
        "source_folders": [], "window_wait_minutes": 0, "gate_opened": "", "notes": [],
    }  # fmt: skip
