"""Flow: do what is left of a migration whose VM was handed over."""

from __future__ import annotations

from typing import Annotated, Any

from prefect import flow
from pydantic import Field

from qsm.phases.finish import finish
from tasks.known_migration import end_migration


@flow(name="finish-vm", flow_run_name="finish {vm}", retries=0, persist_result=False)
def finish_vm(
    vm: Annotated[str, Field(title="VM", description="Name or id of the VM, or the migration's id")],
) -> dict[str, Any]:
    """Ends an unfinished migration at the target: VM in its state, settings put back, source cleaned up."""
    return end_migration(vm, finish)
