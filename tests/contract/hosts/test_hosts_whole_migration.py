"""A whole migration by raw operations: the guest goes on where it stood, and no block differs."""

from __future__ import annotations

from collections.abc import Callable

from hosts_driver import OLDEST_WINDOWS
from hosts_script import MigrationScript
from waiting import wait_until

from lab.host.handle import LabDisk

MIB = 1 << 20


@OLDEST_WINDOWS
def test_running_vm_moves_with_two_disks_and_loses_nothing(make_script: Callable[..., MigrationScript]) -> None:
    script = make_script(
        "whole", disks=[LabDisk(size_bytes=48 * MIB), LabDisk(size_bytes=24 * MIB, format="VHD", dynamic=False)]
    )
    witness = script.lab.witness
    wait_until(lambda: script.acknowledged() > 50, what="first writes of the guest")
    inventory = script.source.caller.call("get_inventory", {"folders": [rf"D:\VMs\{script.vm.name}"]}).result
    script.begin()
    script.take_checkpoint()
    script.copy_bases()
    before = witness.now()
    wait_until(lambda: script.acknowledged(since=before) > 20, what="writes meanwhile")
    script.up_to_import_from_save()
    witness.close_gate(script.vm_id)
    script.resume()
    assert wait_until(lambda: witness.lifetimes(script.vm_id)[-1].host_name == "HV02", what="the guest on the target")
    assert script.verify(script.target.caller.host).clean
    witness.open_gate(script.vm_id)
    after = witness.now()
    wait_until(lambda: script.acknowledged(since=after) > 20, what="writes on the target")
    assert witness.findings(script.vm_id) == []
    assert script.target.record.owner == "target"
    _clean_up(script)
    left = script.source.caller.call("get_inventory", {"folders": [rf"D:\VMs\{script.vm.name}"]}).result
    assert left.shares == inventory.shares
    assert left.tasks == left.jobs == ()
    assert {file.path for file in left.files} == set()
    assert not any(script.vm_id in vm for vm in left.vms)


def _clean_up(script: MigrationScript) -> None:
    source, target = script.source, script.target
    closed = source.do("close_shares")
    assert len(closed.shares) == 2
    record = target.record.model_dump(mode="json")
    source.do("remove_source", vm_id=script.vm_id, target_record=record)
    wait_until(
        lambda: source.do("get_source_removal", wait_seconds=2.0, vm_id=script.vm_id).done, what="removal of the source"
    )
    files = [file.path for disk in script.saved.disks for file in disk.chain]
    home = rf"D:\VMs\{script.vm.name}"
    folders = [rf"{home}\Virtual Machines\{script.vm_id}", rf"{home}\Virtual Machines", rf"{home}\Snapshots", home]
    removed = source.do("remove_source_files", target_record=record, files=files, folders=folders)
    assert removed.kept == ()
    for side in (target, source):
        assert side.do("close_migration", end="forward", text="moved").record.end == "forward"
        assert side.caller.call("find_migrations", {"vm": script.vm_id}).result.migrations[0].locked is False
