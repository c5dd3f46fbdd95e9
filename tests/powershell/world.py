"""A host with one VM, for the tests of the functions that touch Windows.

It is a host of the laboratory (lab_host.py), and disks are real. Every call goes through the dispatcher, and every answer is
read by the operation's own model. A file of tests has one pair of hosts (two_hosts.py), a test a VM and a migration of its
own, and levers on both (levers.py); it leaves the hosts as it found them.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

from engine import EngineAnswer, EngineSession, read_answer
from lab_host import TEMP
from levers import Levers
from two_hosts import SHARE, Hosts
from waiting import wait_until

from lab.platform.acl import Right

RESERVE = 1 << 30


class World(Levers):
    """One VM with one disk on the host, and its migration."""

    def __init__(self, hosts: Hosts) -> None:
        super().__init__(hosts)
        self.session = hosts.session
        self.migration_id = f"20300131T235959-{secrets.token_hex(4)}"
        self.checkpoint = f"QSM {self.migration_id}"

    # --- the module

    def run(self, script: str, *, session: EngineSession | None = None) -> list[Any]:
        """Runs a script inside the module; `$vm` is the VM, `$id`, `$migration`, `$folder` and `$disk` name what is ours."""
        names = f"$id = '{self.vm_id}'; $migration = '{self.migration_id}'; $folder = '{self.folder}'; $disk = '{self.disk}'"
        found = "$vm = try { Get-VM -ErrorAction Stop | Where-Object { $_.Id -eq $id } } catch { $null }"
        return (session or self.session).run(f"{names}; {found}\n{script}")

    def run_as_system(self, script: str) -> list[Any]:
        """The same in a process of SYSTEM, as the work of tasks is."""
        return self.run(script, session=self.hosts.of_system)

    def value(self, script: str) -> Any:
        (value,) = self.run(script)
        return value

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

    def ended(self, question: str, number: int) -> Any:
        """The outcome of a copy or a merge, once its task is over."""

        def outcome() -> Any:
            told = self.result(question, {"number": number}, wait_seconds=10)
            return told if told.state not in ("Starting", "Running") else None

        return wait_until(outcome, what=f"the end of {question} {number}")

    def call_under(
        self, definitions: str, operation: str, arguments: dict[str, Any], *, revision: int | None = None
    ) -> EngineAnswer:
        """Calls while functions stand before Windows' own cmdlets, for this call alone: an answer that no lab host gives."""
        fields = {"migration_id": self.migration_id, "subject": "", "revision": revision, "wait_seconds": 0}
        line = {"call": "1", "module": "", "operation": operation, "arguments": arguments, **fields}
        quoted = json.dumps(line).replace("'", "''")
        answer = self.value(f"{definitions}\nInvoke-QsmOperation -Line '{quoted}'")
        return read_answer(operation, json.loads(answer.split(" ", 2)[2]))

    # --- the migration

    def make_record(self, role: str = "source", **plan: Any) -> None:
        arguments = {"role": role, "vm_id": self.vm_id, "vm_name": "web", "peer": "HV02", "by": "ann"}
        arguments["plan"] = {"export_folder": f"D:\\qsm-{self.migration_id}", **plan}
        self.result("create_record", arguments)
        self.result("take_lock", {"vm_id": self.vm_id, "vm_name": "web", "by": "ann"})

    def record_file(self) -> Path:
        return self.host.root / "migrations" / self.migration_id / "record.json"

    def release_lock(self) -> None:
        """What the other host's role in this test may not be kept from."""
        (self.host.root / "locks" / f"{self.vm_id}.json").unlink()

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
            "expected_checkpoint": self.vm.snapshots[0].snapshot_id if pair else None,
            "expected_disks": [{"slot": "SCSI 0:0", "path": leaf}],
            "expected_bases": [pair.base.model_dump()] if pair else [],
            "reserve_bytes": RESERVE,
            "wait_limit_seconds": 2,
            **fields,
        }

    def copy_file(self, name: str, *, folder: str = "", content: bytes = b"x" * 4096) -> dict[str, Any]:
        """A file of the other host that this one may read, and what the request says of it."""
        peer, path = self.hosts.peer, f"D:\\share\\{self.migration_id}\\{name}"
        peer.files.make_folder(path.rpartition("\\")[0])
        peer.files.write_bytes(path, content)
        peer.acl.grant(path, "LAB\\HV01$", Right.READ)
        facts = peer.files.facts(path)
        return {
            "source": f"\\\\HV02\\{SHARE}\\{self.migration_id}\\{name}",
            "destination": f"{folder or self.folder}\\{name}",
            "length_bytes": facts.length_bytes,
            "last_write_ticks": facts.last_write_ticks,
        }

    def source_of(self, file: dict[str, Any]) -> str:
        """Where the file of a request lies on the other host."""
        return f"D:\\share\\{self.migration_id}\\{file['source'].rpartition(chr(92))[2]}"


def start_copy(world: World, files: list[dict[str, Any]], *, number: int = 1, reserve: int = RESERVE) -> EngineAnswer:
    arguments = {"number": number, "files": files, "reserve_bytes": reserve}
    return world.call("start_copy", arguments, subject=str(number))


def checkpointed(world: World, *, runs: bool = False) -> Any:
    """A VM with our checkpoint; it is told as Running, whether it `runs` or not."""
    world.make_vm(state="Running" if runs else "Off")
    world.make_record()
    if not runs:
        world.show(state="Running")
    return world.fenced("take_checkpoint", world.checkpoint_arguments()).disks[0]


def exported(world: World, **fields: Any) -> dict[str, Any]:
    """A VM saved on the source, exported and laid into a folder of the target (which is the same host here)."""
    dvd = f"{TEMP}\\gone.iso"
    world.path(dvd).write_bytes(b"")
    world.hyperv.new_vm_switch("OldLAN")
    world.make_saved_vm(vlan=7, dvd=dvd, switch="OldLAN")
    adapter_id = world.vm.network_adapters[0].adapter_id
    world.make_record("source")
    world.fenced("save_vm", world.save_arguments(mode="none", expected_state="Saved"))
    told = world.fenced("export_configuration", {"vm_id": world.vm_id})
    target = f"{world.folder}-new"
    folder = world.path(f"{target}\\Virtual Machines")
    folder.mkdir(parents=True)
    world.path(f"{target}\\disk.vhdx").write_bytes(world.path(world.disk).read_bytes())
    for file in told.files:
        (folder / file.path.rsplit("\\", 1)[1]).write_bytes(world.path(file.path).read_bytes())
    world.run("Remove-VM -VM $vm -Force")  # by this process, which else would know the VM by its old place
    world.hyperv.remove_vm_switch("OldLAN")
    world.path(dvd).unlink()
    world.release_lock()
    world.migration_id = f"20300131T235959-{secrets.token_hex(4)}"
    world.make_record("target", target_folder=target)
    return {
        "vm_id": world.vm_id,
        "configuration": f"{target}\\Virtual Machines\\{told.configuration.rsplit(chr(92), 1)[1]}",
        "folder": target,
        "disks": [{"slot": "SCSI 0:0", "path": f"{target}\\disk.vhdx", "was": world.disk}],
        "switches": [{"adapter_id": adapter_id, "switch_name": "LAN"}],
        "pinned": [],
        "expected_state": "Saved",
        **fields,
    }
