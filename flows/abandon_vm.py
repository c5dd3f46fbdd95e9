"""Flow: bring a VM back to its source, as long as that is possible."""

from __future__ import annotations

from typing import Annotated, Any

from prefect import flow
from pydantic import Field

from qsm.phases.abandon import abandon
from tasks.known_migration import end_migration


@flow(name="abandon-vm", flow_run_name="abandon {vm}", retries=0, persist_result=False)
def abandon_vm(
    vm: Annotated[str, Field(title="VM", description="Name or id of the VM, or the migration's id")],
) -> dict[str, Any]:
    """Ends an unfinished migration at the source: VM in its state, checkpoint merged, nothing left over."""
    return end_migration(vm, abandon)
