"""How a VM stands still: its memory is carried only where the hosts have proved that it can be restored."""

from __future__ import annotations

import pytest

from qsm.hosts import messages as m
from qsm.model import MigrationRequest, StateTransfer
from qsm.placement import choose_transfer

INTEL, AMD = "GenuineIntel", "AuthenticAMD"


def choose(
    *, state: str = "Running", wanted: StateTransfer, compatible: bool | None = True, vendor: str = INTEL
) -> tuple[str, str]:
    """The choice, and all reasons against it in one text."""
    request = MigrationRequest(
        vm="sql-01", source="hv01", target="hv02", target_folder=r"D:\VMs\sql-01", state_transfer=wanted
    )
    transfer, reasons = choose_transfer(
        m.VMFacts.model_construct(state=state),
        request,
        m.TestTargetResult.model_construct(compatible=compatible, incompatibilities=()),
        source_facts=m.HostFacts.model_construct(processor_vendor=INTEL, processor_name="A"),
        target_facts=m.HostFacts.model_construct(processor_vendor=vendor, processor_name="B"),
    )
    return transfer, "\n".join(reasons)


@pytest.mark.parametrize(
    ("compatible", "vendor", "why"),
    [(None, INTEL, "could not answer the compatibility question"), (False, INTEL, "A and B"), (True, AMD, "A and B")],
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
