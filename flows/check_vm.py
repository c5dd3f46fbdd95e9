"""Flow: preflight alone. Changes nothing; may run on a schedule."""

from typing import Any

from prefect import flow

from qsm.migration.progress import Progress
from qsm.plan.checkpoint_choice import CheckpointChoice
from qsm.plan.pin_mac import PinMac
from qsm.plan.request import MigrationRequest, Name, SwitchPair
from qsm.plan.state_transfer import StateTransfer
from tasks.preflight import preflight_task


@flow(name="check-vm", flow_run_name="check {vm} from {source} to {target}", retries=0, persist_result=False)
def check_vm(
    vm: Name,
    source: Name,
    target: Name,
    target_folder: Name,
    switch_map: list[SwitchPair] = [],  # noqa: B006  # an Optional would be an ugly toggle in the form
    state_transfer: StateTransfer = StateTransfer.AUTO,
    pin_mac: PinMac = PinMac.AUTO,
    checkpoint_type: CheckpointChoice = CheckpointChoice.AUTO,
) -> dict[str, Any]:
    """Says whether the VM could be moved like this now, and how; names every reason against it at once.

    Args:
        vm: Name or id of the VM.
        source: Host of the inventory that runs the VM now.
        target: Host of the inventory that the VM is moved to.
        target_folder: Full path of a folder on the target, for example D:\\VMs\\sql-01.
        switch_map: For each switch that the VM is connected to, the switch of the target that takes its place.
        state_transfer: save, shutdown, or auto: save if the target can restore the memory.
        pin_mac: Dynamic MAC addresses made static at the import. auto: those that the start there would change; on: all.
        checkpoint_type: standard: memory is written to the source; production: VSS runs in the guest; auto: as the VM is set.
    """
    request = MigrationRequest(
        vm=vm, source=source, target=target, target_folder=target_folder, switch_map=tuple(switch_map),
        state_transfer=state_transfer, pin_mac=pin_mac, checkpoint_type=checkpoint_type,
    )  # fmt: skip
    migration = preflight_task(request, Progress())
    migration.close()
    return migration.plan.as_json()
