"""Flow: bring a VM back to its source, as long as that is possible."""

from typing import Any

from prefect import flow

from qsm.plan.request import Name
from qsm.ways.home import abandon
from tasks.known_migration import end_migration


@flow(name="abandon-vm", flow_run_name="abandon {vm}", retries=0, persist_result=False)
def abandon_vm(vm: Name) -> dict[str, Any]:
    """Ends an unfinished migration at the source: VM in its state, checkpoint merged, nothing left over.

    Args:
        vm: Name or id of the VM, or the id of the migration.
    """
    return end_migration(vm, abandon)
