"""Flow: move one VM, from preflight to clean-up."""

from typing import Any

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.after_death import settle_dead_run
from qsm.plan.checkpoint_choice import CheckpointChoice
from qsm.plan.pin_mac import PinMac
from qsm.plan.request import MigrationRequest, Name, SwitchPair
from qsm.plan.state_transfer import StateTransfer
from qsm.run import MigrationRun
from tasks.artifacts import Publisher, publish_report
from tasks.clean_up import clean_up_task
from tasks.copy_base_disks import copy_base_disk_task
from tasks.copy_changes import copy_change_task, copy_configuration_task
from tasks.fan_out import SIDE_BY_SIDE, per_disk
from tasks.hand_over import hand_over_task
from tasks.import_vm import import_vm_task
from tasks.pass_gate import pass_gate_task
from tasks.preflight import preflight_task
from tasks.prepare_disks import prepare_disk_task
from tasks.save_state import save_state_task
from tasks.take_checkpoint import take_checkpoint_task


@flow(
    name="migrate-vm",
    flow_run_name="migrate {vm} from {source} to {target}",
    retries=0,
    persist_result=False,
    task_runner=ThreadPoolTaskRunner(max_workers=SIDE_BY_SIDE),  # type: ignore[arg-type]
    on_cancellation=[settle_dead_run],
    on_crashed=[settle_dead_run],
)
def migrate_vm(
    vm: Name,
    source: Name,
    target: Name,
    target_folder: Name,
    switch_map: list[SwitchPair] = [],  # noqa: B006  # an Optional would be an ugly toggle in the form
    state_transfer: StateTransfer = StateTransfer.AUTO,
    pin_mac: PinMac = PinMac.AUTO,
    checkpoint_type: CheckpointChoice = CheckpointChoice.AUTO,
    keep_source: bool = True,
    window_wait_minutes: int = 60,
    open_gate: str = "",
) -> dict[str, Any]:
    """Moves a VM with its disks to another Hyper-V host; a running VM is stopped only for what changed meanwhile.

    Args:
        vm: Name or id of the VM.
        source: Host of the inventory that runs the VM now.
        target: Host of the inventory that the VM is moved to.
        target_folder: Full path of a folder on the target, for example D:\\VMs\\sql-01.
        switch_map: For each switch that the VM is connected to, the switch of the target that takes its place.
        state_transfer: save: the memory moves; shutdown: the guest is shut down; auto: save if the target can restore the memory.
        pin_mac: Dynamic MAC addresses made static at the import. auto: those that the start there would change; on: all.
        checkpoint_type: standard: memory is written to the source; production: VSS runs in the guest; auto: as the VM is set.
        keep_source: Keep the VM and its files on the source, saved, disconnected and without automatic start.
        window_wait_minutes: Longest wait for a window agreed for the VM, before the copy and before the cutover.
        open_gate: A reason to copy and to stop the VM outside of its agreed windows; empty: never outside.
    """
    request = MigrationRequest(
        vm=vm, source=source, target=target, target_folder=target_folder, switch_map=tuple(switch_map),
        state_transfer=state_transfer, pin_mac=pin_mac, checkpoint_type=checkpoint_type, keep_source=keep_source,
        window_wait_minutes=window_wait_minutes, open_gate=open_gate,
    )  # fmt: skip
    run = MigrationRun()
    try:
        with Publisher(run), run:
            migration = run.begin(preflight_task(request, run.progress))
            pass_gate_task(migration, "copy")
            take_checkpoint_task(migration)
            per_disk(copy_base_disk_task, migration)
            pass_gate_task(migration, "cutover")
            save_state_task(migration)  # the offline window begins
            per_disk(copy_change_task, migration, beside=(copy_configuration_task,))
            per_disk(prepare_disk_task, migration)
            import_vm_task(migration)
            hand_over_task(migration)  # and ends
            clean_up_task(migration)
    finally:
        if run.report is not None:
            publish_report(run.report)
    if run.report is None:
        raise AssertionError("a run that began has a report")
    return run.report.model_dump(mode="json")
