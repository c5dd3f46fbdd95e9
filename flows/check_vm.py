"""Flow: preflight alone. Changes nothing; may run on a schedule."""

from __future__ import annotations

from typing import Annotated, Any

from prefect import flow
from pydantic import Field

from qsm.model import MigrationRequest, StateTransfer, SwitchPair
from tasks.preflight import preflight_task


@flow(name="check-vm", flow_run_name="check {vm} from {source} to {target}", retries=0, persist_result=False)
def check_vm(
    vm: Annotated[str, Field(title="VM", description="Name or id of the VM")],
    source: Annotated[str, Field(title="Source", description="Host of the inventory that runs the VM now")],
    target: Annotated[str, Field(title="Target", description="Host of the inventory that shall run it")],
    target_folder: Annotated[str, Field(title="Target folder", description=r"For example D:\VMs\sql-01")],
    switch_map: Annotated[
        list[SwitchPair] | None,
        Field(
            title="Switch map", description="For each switch of the VM, the switch of the target that takes its place"
        ),
    ] = None,
    state_transfer: Annotated[
        StateTransfer, Field(title="State transfer", description="save, shutdown, or auto: save if possible")
    ] = StateTransfer.AUTO,
) -> dict[str, Any]:
    """Says whether the VM could be moved like this now, and how; refuses with every reason at once."""
    request = MigrationRequest(
        vm=vm, source=source, target=target, target_folder=target_folder, switch_map=tuple(switch_map or ()),
        state_transfer=state_transfer,
    )  # fmt: skip
    migration = preflight_task(request)
    migration.close()
    return migration.plan.as_json()
