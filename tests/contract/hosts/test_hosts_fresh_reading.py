"""What a process knows of a VM is old, and what an operation proves is new (fact book, 2.8 to 2.12 and 2.16).

The hosts play processes that read nothing anew for an hour unless something empties what they know. Every other test of
this folder runs on such hosts too (`lab.hyperv.INSTANT`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hosts_driver import HostCaller
from powershell_program import NEEDS_ENGINE

VM = "(Get-VM -Name $name)"
PATHS = f"(Get-VMHardDiskDrive -VM {VM}).Path"
STATE = f"[string]{VM}.State"
CHECKPOINT = f"Checkpoint-VM -VM {VM} -SnapshotName one -Confirm:$false"
HYPERV = r"-Namespace root\virtualization\v2"
SYSTEM = f"(Get-WmiObject {HYPERV} -Class Msvm_ComputerSystem -Filter \"ElementName='$name'\")"
COMPONENT = f"$c = Get-WmiObject {HYPERV} -Class Msvm_ShutdownComponent -Filter \"SystemName='$({SYSTEM}.Name)'\""
SHUTDOWN = (
    f"do {{ {COMPONENT} }} until ($c.OperationalStatus[0] -eq 2);"
    " [void](Invoke-WmiMethod -InputObject $c -Name InitiateShutdown -ArgumentList $false, 'x');"
    f" do {{ $now = {SYSTEM}.EnabledState }} until ($now -eq 3)"
)


@NEEDS_ENGINE
def test_fact_2_12_a_checkpoint_empties_nothing(in_one_process: Callable[[str], list[str]]) -> None:
    before, after = in_one_process(f"{PATHS}; {CHECKPOINT}; {PATHS}")
    assert before == after and before.endswith(".vhdx")
    (elsewhere,) = in_one_process(PATHS)
    assert elsewhere.endswith(".avhdx")


@NEEDS_ENGINE
def test_fact_2_9_what_nobody_has_read_is_read_now(in_one_process: Callable[[str], list[str]]) -> None:
    (path,) = in_one_process(f"{CHECKPOINT}; {PATHS}")
    assert path.endswith(".avhdx")


@NEEDS_ENGINE
def test_fact_2_12_a_change_of_state_empties_all(in_one_process: Callable[[str], list[str]]) -> None:
    lines = in_one_process(f"{PATHS}; {STATE}; {CHECKPOINT}; Save-VM -VM {VM}; {PATHS}; {STATE}")
    assert [lines[1], lines[3]] == ["Running", "Saved"]
    assert lines[0].endswith(".vhdx") and lines[2].endswith(".avhdx")


@NEEDS_ENGINE
def test_fact_2_9_a_state_that_somebody_else_changed_is_the_old_one(
    in_one_process: Callable[[str], list[str]],
) -> None:
    lines = in_one_process(f"{STATE}; {SHUTDOWN}; {STATE}")
    assert lines == ["Running", "Running"]


@NEEDS_ENGINE
def test_fact_2_12_a_removed_checkpoint_empties_the_lists(in_one_process: Callable[[str], list[str]]) -> None:
    names = f"@(Get-VMSnapshot -VM {VM}).Count"
    remove = f"Remove-VMSnapshot -VMSnapshot (Get-VMSnapshot -VM {VM}) -Confirm:$false"
    assert in_one_process(f"{CHECKPOINT}; {names}; {remove}; {names}") == ["1", "0"]


def test_operation_sees_what_happened_since_the_last_one(make_script: Callable[..., Any], source: HostCaller) -> None:
    """One process answers all of these calls; others change the VM between them."""
    script = make_script("fresh")
    assert script.vm.state == "Running"
    source.host.hyperv("save_vm", vm_id=script.vm_id)
    (saved,) = source.call("get_vm", {"name_or_id": script.vm_id}).result.matches
    assert saved.state == "Saved"
    foreign = source.host.hyperv("add_foreign_snapshot", vm_id=script.vm_id, name="backup")
    (found,) = source.call("get_vm", {"name_or_id": script.vm_id}).result.matches
    assert [each.checkpoint_id for each in found.checkpoints] == [foreign["snapshot_id"]]
    assert [each.type for each in found.checkpoints] == ["Recovery"]
    assert found.disks[0].path.endswith(".avhdx")
    source.host.hyperv("arrange_vm", vm_id=script.vm_id, busy_with="BackingUpVirtualMachine")
    (busy,) = source.call("get_vm", {"name_or_id": script.vm_id}).result.matches
    assert busy.operational_status == ("InService", "BackingUpVirtualMachine")
    source.host.hyperv("arrange_vm", vm_id=script.vm_id, busy_with="Ok")
