"""Flow: do what is left of a migration whose VM was handed over."""

from typing import Any

from prefect import flow

from qsm.plan.request import Name
from qsm.ways.forward import finish
from tasks.known_migration import end_migration


@flow(name="finish-vm", flow_run_name="finish {vm}", retries=0, persist_result=False)
def finish_vm(vm: Name) -> dict[str, Any]:
    """Ends an unfinished migration at the target: VM in its state, settings put back, source cleaned up.

    Args:
        vm: Name or id of the VM, or the id of the migration.
    """
    return end_migration(vm, finish)
