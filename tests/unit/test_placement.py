"""Where a VM's files go, and how it stands still: its memory is carried only where the hosts have proved that it fits."""

from __future__ import annotations

import pytest

from qsm.facts.hosts import HostFacts
from qsm.facts.machines import VMFacts
from qsm.hosts import messages as m
from qsm.judgement.placement import choose_transfer, created_folders, source_folders
from qsm.plan.request import MigrationRequest
from qsm.plan.state_transfer import StateTransfer

INTEL, AMD = "GenuineIntel", "AuthenticAMD"


def choose(
    *,
    state: str = "Running",
    wanted: StateTransfer,
    compatible: bool | None = True,
    vendor: str = INTEL,
    guest_shutdown: str = "Ok",
) -> tuple[str, str]:
    """The choice, and all reasons against it in one text."""
    request = MigrationRequest(
        vm="sql-01", source="hv01", target="hv02", target_folder=r"D:\VMs\sql-01", state_transfer=wanted
    )
    transfer, reasons = choose_transfer(
        VMFacts.model_construct(state=state, guest_shutdown=guest_shutdown),
        request,
        m.TestTargetResult.model_construct(compatible=compatible, incompatibilities=()),
        source_facts=HostFacts.model_construct(processor_vendor=INTEL, processor_name="A"),
        target_facts=HostFacts.model_construct(processor_vendor=vendor, processor_name="B"),
    )
    return transfer, "\n".join(reasons)


@pytest.mark.parametrize(
    ("compatible", "vendor", "why"),
    [
        (None, INTEL, "could not say whether their processors are compatible"),
        (False, INTEL, "A and B"),
        (True, AMD, "A and B"),
    ],
)
def test_memory_stays_where_nobody_proves_that_it_fits(compatible: bool | None, vendor: str, why: str) -> None:
    def ask(state: str, wanted: StateTransfer) -> tuple[str, str]:
        return choose(state=state, wanted=wanted, compatible=compatible, vendor=vendor)

    assert ask("Running", StateTransfer.AUTO) == ("shutdown", "")
    for state in ("Running", "Paused"):
        transfer, reasons = ask(state, StateTransfer.SAVE)
        assert (transfer, why in reasons) == ("save", True)
    assert why in ask("Saved", StateTransfer.AUTO)[1]
    assert "cannot shut down" in ask("Paused", StateTransfer.AUTO)[1]
    assert ask("Off", StateTransfer.SAVE) == ("none", "")


def test_memory_travels_where_it_fits() -> None:
    assert choose(wanted=StateTransfer.AUTO) == ("save", "")
    assert choose(state="Paused", wanted=StateTransfer.AUTO) == ("save", "")
    assert choose(state="Saved", wanted=StateTransfer.AUTO) == ("none", "")
    assert choose(wanted=StateTransfer.SHUTDOWN) == ("shutdown", "")


@pytest.mark.parametrize("status", ["Missing", "Disabled", "NoContact", "Degraded", "SomethingNew"])
def test_a_guest_that_cannot_be_asked_is_not_shut_down(status: str) -> None:
    for wanted, compatible in ((StateTransfer.SHUTDOWN, True), (StateTransfer.AUTO, None)):
        transfer, reasons = choose(wanted=wanted, compatible=compatible, guest_shutdown=status)
        assert (transfer, f"integration service 'Shutdown') is {status}" in reasons) == ("shutdown", True)
    for state in ("Saved", "Off"):
        assert choose(state=state, wanted=StateTransfer.SHUTDOWN, guest_shutdown=status) == ("none", "")
    assert choose(wanted=StateTransfer.AUTO, guest_shutdown=status) == ("save", "")


def test_the_folder_that_a_saved_state_had_before_2016_is_removed_before_the_one_it_lies_in() -> None:
    vm_id = "0123abcd-0000-0000-0000-000000000000"
    expected = [rf"Virtual Machines\{vm_id.upper()}", "Snapshots", "Virtual Hard Disks", "Virtual Machines"]
    assert created_folders(r"E:\New", (), vm_id=vm_id, exists=True) == tuple(rf"E:\New\{name}" for name in expected)
    assert created_folders(r"E:\New", (), vm_id=vm_id, exists=False)[-1] == r"E:\New"
    home = r"D:\VMs\sql-01"
    vm = VMFacts.model_construct(vm_id=vm_id, name="SQL-01", path=home, configuration_location=home, disks=())
    assert source_folders(vm) == (*(rf"{home}\{name}" for name in expected), home)
    default = VMFacts.model_construct(
        vm_id=vm_id, name="sql-01", path=r"D:\VMs", configuration_location=r"D:\VMs", disks=()
    )
    assert source_folders(default) == ()
