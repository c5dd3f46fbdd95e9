"""A host with one VM, on the real PowerShell engine, for the tests of the functions that touch Windows.

Stand-ins for Windows' cmdlets keep a world in the process (hyperv_standins); disks are real VHDX files. Every call goes
through the dispatcher, and every answer is read by the operation's own model.
"""

from __future__ import annotations

import json
import secrets
import uuid
from pathlib import Path
from typing import Any

from engine import EngineAnswer, EngineSession

from lab.disks import DiskFormat, DiskKind, create_disk

HYPERV_STANDINS = Path(__file__).parent / "hyperv_standins"
ACCOUNT = "LAB\\HV02$"
ACCOUNT_SID = "S-1-5-21-10-20-30-1102"
RESERVE = 1 << 30


class World:
    """One VM with one disk on the host, and its migration."""

    def __init__(self, session: EngineSession) -> None:
        self.session = session
        self.vm_id = str(uuid.uuid4())
        self.migration_id = f"20300131T235959-{secrets.token_hex(4)}"
        self.folder = f"D:\\VMs\\{secrets.token_hex(4)}"
        self.disk = f"{self.folder}\\disk.vhdx"
        self.checkpoint = f"QSM {self.migration_id}"
        self.run("Reset-World")

    def run(self, script: str) -> list[Any]:
        """Runs a script inside the module; `$vm` is the VM, `$id`, `$migration`, `$folder` and `$disk` name what is ours."""
        names = f"$id = '{self.vm_id}'; $migration = '{self.migration_id}'; $folder = '{self.folder}'; $disk = '{self.disk}'"
        return self.session.run(f"{names}; $vm = $World.vms[$id]; {script}")

    def value(self, script: str) -> Any:
        (value,) = self.run(script)
        return value

    def path(self, windows_path: str) -> Path:
        return self.session.host.path(windows_path)

    def make_disk(self, windows_path: str, *, kind: DiskKind = DiskKind.DYNAMIC) -> Path:
        path = self.path(windows_path)
        path.parent.mkdir(parents=True, exist_ok=True)
        format = DiskFormat.VHD if path.suffix == ".vhd" else DiskFormat.VHDX
        create_disk(path, format=format, kind=kind, size_bytes=8 << 20)
        return path

    def make_vm(self, *, state: str = "Running", more: str = "") -> None:
        self.make_disk(self.disk)
        self.run(
            f"Add-WorldVM -Id '{self.vm_id}' -Name 'Bücher [1]' -State {state} -Folder '{self.folder}' "
            f"-Disks @(@{{ slot = 'SCSI 0:0'; path = '{self.disk}' }}) {more}"
        )

    def call(self, operation: str, arguments: dict[str, Any] | None = None, **fields: Any) -> EngineAnswer:
        return self.session.call(operation, arguments, migration_id=self.migration_id, **fields)

    def result(self, operation: str, arguments: dict[str, Any] | None = None, **fields: Any) -> Any:
        answer = self.call(operation, arguments, **fields)
        assert answer.ok, answer.error
        return answer.result

    def refuses(
        self, error_id: str, operation: str, arguments: dict[str, Any] | None = None, **fields: Any
    ) -> EngineAnswer:
        answer = self.call(operation, arguments, **fields)
        assert answer.error is not None
        assert (answer.error.id, answer.error.category) == (error_id, "refused"), answer.error
        return answer

    def fails(
        self, error_id: str, operation: str, arguments: dict[str, Any] | None = None, **fields: Any
    ) -> EngineAnswer:
        answer = self.call(operation, arguments, **fields)
        assert answer.error is not None
        assert (answer.error.id, answer.error.category) == (error_id, "failed"), answer.error
        return answer

    def make_record(self, role: str = "source", **plan: Any) -> None:
        arguments = {"role": role, "vm_id": self.vm_id, "vm_name": "web", "peer": "HV02", "by": "ann"}
        arguments["plan"] = {"export_folder": f"D:\\qsm-{self.migration_id}", **plan}
        self.result("create_record", arguments)
        self.result("take_lock", {"vm_id": self.vm_id, "vm_name": "web", "by": "ann"})

    def record_file(self) -> Path:
        return self.session.host.root / "migrations" / self.migration_id / "record.json"

    def release_lock(self) -> None:
        """What the other host's role in this test may not be kept from."""
        (self.session.host.root / "locks" / f"{self.vm_id}.json").unlink()

    def change_record(self, **fields: Any) -> None:
        record = json.loads(self.record_file().read_text("ascii"))
        self.record_file().write_text(json.dumps({**record, **fields}), "ascii")

    def revision(self) -> int:
        return int(json.loads(self.record_file().read_text("ascii"))["revision"])

    def target_record(self, **fields: Any) -> dict[str, Any]:
        record = json.loads(self.record_file().read_text("ascii"))
        return {**record, "role": "target", "owner": "target", **fields}

    # the steps of a migration, as far as other steps need them

    def fenced(self, operation: str, arguments: dict[str, Any]) -> Any:
        return self.result(operation, arguments, revision=self.revision())

    def checkpoint_arguments(self, **fields: Any) -> dict[str, Any]:
        return {
            "vm_id": self.vm_id,
            "name": self.checkpoint,
            "checkpoint_type": "Production",
            "expected_state": "Running",
            "expected_disks": [{"slot": "SCSI 0:0", "path": self.disk}],
            **fields,
        }

    def save_arguments(self, pair: Any = None, **fields: Any) -> dict[str, Any]:
        leaf = pair.leaf.path if pair else self.disk
        return {
            "vm_id": self.vm_id,
            "mode": "save",
            "expected_state": "Running",
            "expected_checkpoint": self.value("[string]$vm.Snapshots[0].Id") if pair else None,
            "expected_disks": [{"slot": "SCSI 0:0", "path": leaf}],
            "expected_bases": [pair.base.model_dump()] if pair else [],
            "reserve_bytes": RESERVE,
            "wait_limit_seconds": 2,
            **fields,
        }

    def copy_file(self, name: str, *, folder: str = "", content: bytes = b"x" * 4096) -> dict[str, Any]:
        """A file on the source's side and what the request says of it."""
        source = f"C:\\share\\{self.migration_id}\\{name}"
        path = self.path(source)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        (told,) = self.run(f"Get-QsmFileFact -Path '{source}'")
        return {
            "source": source,
            "destination": f"{folder or self.folder}\\{name}",
            "length_bytes": told["length_bytes"],
            "last_write_ticks": told["last_write_ticks"],
        }


def start_copy(world: World, files: list[dict[str, Any]], *, number: int = 1, reserve: int = RESERVE) -> EngineAnswer:
    arguments = {"number": number, "files": files, "reserve_bytes": reserve}
    return world.call("start_copy", arguments, subject=str(number))


def checkpointed(world: World) -> Any:
    world.make_vm()
    world.make_record()
    return world.fenced("take_checkpoint", world.checkpoint_arguments()).disks[0]


def exported(world: World, **fields: Any) -> dict[str, Any]:
    """A VM saved on the source, exported and laid into a folder of the target (which is the same host here)."""
    world.make_vm(more="-Vlan 7 -Dvd 'C:\\gone.iso' -Switch 'OldLAN'")
    world.make_record("source")
    world.fenced("save_vm", world.save_arguments())
    told = world.fenced("export_configuration", {"vm_id": world.vm_id})
    target = f"{world.folder}-new"
    disk = world.make_disk(f"{target}\\disk.vhdx")
    assert disk.exists()
    folder = world.path(f"{target}\\Virtual Machines")
    folder.mkdir(parents=True)
    for file in told.files:
        (folder / file.path.rsplit("\\", 1)[1]).write_bytes(world.path(file.path).read_bytes())
    world.run(f"$World.vms.Remove('{world.vm_id}')")
    world.release_lock()
    world.migration_id = f"20300131T235959-{secrets.token_hex(4)}"
    world.make_record("target", target_folder=target)
    return {
        "vm_id": world.vm_id,
        "configuration": f"{target}\\Virtual Machines\\{told.configuration.rsplit(chr(92), 1)[1]}",
        "folder": target,
        "disks": [{"slot": "SCSI 0:0", "path": f"{target}\\disk.vhdx", "was": world.disk}],
        "switches": [{"adapter_id": f"Microsoft:{world.vm_id}\\A1", "switch_name": "LAN"}],
        "pinned": [],
        "expected_state": "Saved",
        **fields,
    }
