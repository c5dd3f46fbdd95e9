"""A migration by raw operations, step by step, so that a test may stop at any of them."""

from __future__ import annotations

import ntpath
from typing import Any

from hosts_driver import HostAnswer, HostCaller, new_migration_id
from waiting import wait_until

from lab.host.handle import LabHost
from lab.judges.verify_disks import FlatReader
from lab.judges.verify_guest import Verification, verify_disks
from lab.laboratory import Laboratory
from lab.witness.connection import WitnessError
from qsm.hosts.operations import OPERATIONS


class ScriptSide:
    """One host's part in one migration: remembers the revision as the product does."""

    def __init__(self, caller: HostCaller, migration_id: str, role: str) -> None:
        self.caller, self.migration_id, self.role = caller, migration_id, role
        self.revision: int | None = None

    def call(self, operation: str, *, subject: str = "", wait_seconds: float = 0.0, **arguments: Any) -> HostAnswer:
        """Call with this migration's id and the revision last seen."""
        revision = self.revision if OPERATIONS[operation].fenced else None
        answer = self.caller.call(
            operation,
            arguments,
            migration_id=self.migration_id,
            subject=subject,
            revision=revision,
            wait_seconds=wait_seconds,
        )
        if answer.revision is not None:
            self.revision = answer.revision
        return answer

    def do(self, operation: str, *, subject: str = "", wait_seconds: float = 0.0, **arguments: Any) -> Any:
        """Call, and return the result; an error fails the test."""
        answer = self.call(operation, subject=subject, wait_seconds=wait_seconds, **arguments)
        assert answer.ok, f"{operation} on {self.caller.name}: {answer.error}"
        return answer.result

    @property
    def record(self) -> Any:
        """The migration's record on this host, and its journal."""
        found = self.caller.call("find_migrations", {"migration_id": self.migration_id}).result.migrations
        assert len(found) == 1
        return found[0].record

    @property
    def outcomes(self) -> dict[str, list[str]]:
        """States of all attempts, by operation."""
        found = self.caller.call("find_migrations", {"migration_id": self.migration_id}).result.migrations
        told: dict[str, list[str]] = {}
        for outcome in found[0].outcomes:
            told.setdefault(outcome.operation, []).append(outcome.state)
        return told


class MigrationScript:
    """A migration of one VM by raw operations. Each method is one step; they go in the order of the file."""

    def __init__(self, source: HostCaller, target: HostCaller, vm_id: str, *, folder: str = "") -> None:
        self.migration_id = new_migration_id()
        self.source = ScriptSide(source, self.migration_id, "source")
        self.target = ScriptSide(target, self.migration_id, "target")
        self.vm_id = vm_id
        self.vm = self.look_again()
        self.folder = folder or rf"D:\Moved\{self.vm.name}"
        self.bases = {disk.slot: disk.chain[-1] for disk in self.vm.disks}
        self.taken: Any = None
        self.saved: Any = None
        self.exported: Any = None
        self.imported: Any = None
        self.epoch = 0

    @property
    def lab(self) -> Laboratory:
        return self.source.caller.lab

    def look_again(self) -> Any:
        """The VM as the source reports it now."""
        (vm,) = self.source.caller.call("get_vm", {"name_or_id": self.vm_id}).result.matches
        assert vm.unanswered == ()
        return vm

    def target_path(self, path: str) -> str:
        return ntpath.join(self.folder, "Virtual Hard Disks", ntpath.basename(path))

    def target_disks(self) -> list[dict[str, str]]:
        return [{"slot": slot, "path": self.target_path(base.path)} for slot, base in self.bases.items()]

    def plan(self) -> dict[str, str]:
        """What hosts read of a plan."""
        return {"target_folder": self.folder, "export_folder": rf"D:\qsm-{self.migration_id}"}

    def leaf_of(self, slot: str) -> str:
        """The file in a slot when the VM was saved."""
        return next(str(disk.path) for disk in self.saved.disks if disk.slot == slot)

    def begin(self) -> None:
        """Records and locks."""
        for side, peer in ((self.source, "HV02"), (self.target, "HV01")):
            side.do(
                "create_record",
                role=side.role,
                vm_id=self.vm_id,
                vm_name=self.vm.name,
                peer=peer,
                by="test",
                plan=self.plan(),
            )
        for side in (self.source, self.target):
            side.do("take_lock", vm_id=self.vm_id, vm_name=self.vm.name, by="test")

    def checkpoint_arguments(self) -> dict[str, Any]:
        return {
            "vm_id": self.vm_id,
            "name": f"QSM {self.migration_id}",
            "checkpoint_type": "Production",
            "expected_state": "Running",
            "expected_disks": [{"slot": slot, "path": base.path} for slot, base in self.bases.items()],
        }

    def take_checkpoint(self) -> None:
        self.taken = self.source.do("take_checkpoint", **self.checkpoint_arguments())
        self.bases = {pair.slot: pair.base for pair in self.taken.disks}

    def account(self) -> str:
        return str(self.target.caller.call("get_host").result.computer_account)

    def copy(self, number: int, folder: str, files: list[tuple[Any, str]], *, share: int) -> Any:
        """Open the share, copy, wait; returns the last answer of get_copy."""
        request = self.copy_request(number, folder, files, share=share)
        self.target.do("start_copy", subject=str(number), **request)
        return self.wait_for_copy(number)

    def copy_request(self, number: int, folder: str, files: list[tuple[Any, str]], *, share: int) -> dict[str, Any]:
        name = self.source.do(
            "open_share",
            subject=f"{share}/{number}",
            number=share,
            folder=folder,
            files=[file.path for file, _ in files],
            account=self.account(),
        ).share.name
        root = rf"\\{self.source.caller.host.facts.fqdn}\{name}"
        wanted = [
            {
                "source": root + "\\" + file.path[len(folder) + 1 :],
                "destination": destination,
                "length_bytes": file.length_bytes,
                "last_write_ticks": file.last_write_ticks,
            }
            for file, destination in files
        ]
        return {"number": number, "files": wanted, "reserve_bytes": 1 << 20}

    def wait_for_copy(self, number: int) -> Any:
        return self._wait_for_work("get_copy", number)

    def base_files(self) -> dict[str, list[tuple[Any, str]]]:
        """Base disks by folder."""
        found: dict[str, list[tuple[Any, str]]] = {}
        for base in self.bases.values():
            found.setdefault(ntpath.dirname(base.path), []).append((base, self.target_path(base.path)))
        return found

    def copy_bases(self) -> None:
        for number, (folder, files) in enumerate(self.base_files().items()):
            state = self.copy(number, folder, files, share=number)
            assert state.state == "Done", state
            assert {file.job_state for file in state.files} == {"Verified"}

    def save_arguments(self) -> dict[str, Any]:
        leaves = {pair.slot: pair.leaf.path for pair in self.taken.disks}
        return {
            "vm_id": self.vm_id,
            "mode": "save",
            "expected_state": "Running",
            "expected_checkpoint": self.taken.checkpoint_id,
            "expected_disks": [{"slot": slot, "path": path} for slot, path in leaves.items()],
            "expected_bases": [pair.base.model_dump(mode="json") for pair in self.taken.disks],
            "reserve_bytes": 1 << 20,
            "wait_limit_seconds": 60,
        }

    def save(self) -> None:
        self.saved = self.source.do("save_vm", **self.save_arguments())
        assert self.saved.state == "Saved"

    def shut_down(self) -> None:
        self.saved = self.source.do("save_vm", **{**self.save_arguments(), "mode": "shutdown"})
        assert self.saved.state == "Off"

    def export(self) -> None:
        self.exported = self.source.do("export_configuration", vm_id=self.vm_id)
        assert self.exported.folder == self.plan()["export_folder"]

    def copy_changes(self) -> None:
        for number, disk in enumerate(self.saved.disks):
            leaf = disk.chain[0]
            folder = ntpath.dirname(leaf.path)
            share = list(self.base_files()).index(folder)
            state = self.copy(100 + number, folder, [(leaf, self.target_path(leaf.path))], share=share)
            assert state.state == "Done", state
        root = ntpath.dirname(ntpath.dirname(self.exported.configuration))
        files = [(file, self.configuration_path(file.path)) for file in self.exported.files]
        state = self.copy(200, root, files, share=9)
        assert state.state == "Done", state

    def configuration_path(self, path: str) -> str:
        root = ntpath.dirname(ntpath.dirname(self.exported.configuration))
        return ntpath.join(self.folder, ntpath.relpath(path, root))

    def merge(self) -> None:
        for number, disk in enumerate(self.saved.disks):
            base = next(pair.base for pair in self.taken.disks if pair.slot == disk.slot)
            self.target.do(
                "start_merge",
                subject=str(number),
                number=number,
                base=self.target_path(base.path),
                children=[self.target_path(file.path) for file in reversed(disk.chain[:-1])],
                base_length_bytes=base.length_bytes,
                base_content_identity=base.content_identity,
                reserve_bytes=1 << 20,
            )
            state = self.wait_for_merge(number)
            assert state.state == "Done", state
            assert state.disk.type != "Differencing"

    def wait_for_merge(self, number: int) -> Any:
        return self._wait_for_work("get_merge", number)

    def _wait_for_work(self, question: str, number: int) -> Any:
        """The last state of a copy or merge."""

        def ended() -> Any:
            state = self.target.do(question, wait_seconds=5.0, number=number)
            return state if state.state in ("Done", "Failed", "Stopped") else None

        return wait_until(ended, what=f"the end of work {number}")

    def import_arguments(self) -> dict[str, Any]:
        return {
            "vm_id": self.vm_id,
            "configuration": self.configuration_path(self.exported.configuration),
            "folder": self.folder,
            "disks": [{**disk, "was": self.leaf_of(disk["slot"])} for disk in self.target_disks()],
            "switches": [
                {"adapter_id": adapter.adapter_id, "switch_name": adapter.switch_name} for adapter in self.vm.adapters
            ],
            "pinned": [],
            "expected_state": "Saved",
        }

    def import_vm(self) -> None:
        self.imported = self.target.do("import_vm", **self.import_arguments())
        assert self.imported.vm.state == "Saved"

    def up_to_import(self) -> None:
        """All steps before handing over."""
        self.begin()
        self.take_checkpoint()
        self.copy_bases()
        self.up_to_import_from_save()

    def up_to_import_from_save(self) -> None:
        self.save()
        self.export()
        self.copy_changes()
        self.merge()
        self.import_vm()

    def hand_over(self) -> None:
        self.source.do("hand_over", vm_id=self.vm_id)

    def allow_start(self) -> None:
        self.epoch = self.target.record.epoch + 1
        self.target.do("allow_start", epoch=self.epoch)

    def start(self) -> Any:
        return self.target.do("start_vm", vm_id=self.vm_id, epoch=self.epoch, suspend=False)

    def confirm(self) -> None:
        self.target.do("confirm_target", vm_id=self.vm_id, epoch=self.epoch, started=True)

    def restore_settings(self, side: ScriptSide, *, subject: str = "") -> None:
        side.do(
            "restore_settings",
            subject=subject,
            vm_id=self.vm_id,
            automatic_start_action=self.vm.automatic_start_action,
            checkpoint_type=self.vm.checkpoint_type,
            automatic_checkpoints=self.vm.automatic_checkpoints,
        )

    def resume(self) -> None:
        """Hand over, start, confirm, restore settings."""
        self.hand_over()
        self.allow_start()
        self.start()
        self.confirm()
        self.restore_settings(self.target)

    def acknowledged(self, *, since: float = 0.0) -> int:
        """How many writes of the guest the witness has heard; 0 as long as no guest came up."""
        try:
            return sum(self.lab.witness.acknowledged(self.vm_id, since=since).values())
        except WitnessError:
            return 0

    def verify(self, host: LabHost) -> Verification:
        """Compare all blocks of the VM's disks on a host with what the witness heard; the guest must not write."""
        readers = {slot: FlatReader(path) for slot, path in host.disk_paths(self.vm_id).items()}
        try:
            return verify_disks(readers, self.lab.witness.acknowledged_table(self.vm_id))
        finally:
            for reader in readers.values():
                reader.close()
