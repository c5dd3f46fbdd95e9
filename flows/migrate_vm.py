"""Flow: move one VM, from preflight to clean-up."""

from __future__ import annotations

from typing import Annotated, Any

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import Field

from flows.after_death import settle_dead_run
from qsm.model import MigrationRequest, StateTransfer, SwitchPair
from qsm.progress import listening
from qsm.run import MigrationRun
from tasks.artifacts import Publisher, publish_report
from tasks.clean_up import clean_up_task
from tasks.copy_base_disks import copy_base_disk_task
from tasks.cutover import cutover
from tasks.fan_out import per_disk
from tasks.preflight import preflight_task
from tasks.take_checkpoint import take_checkpoint_task


@flow(
    name="migrate-vm",
    flow_run_name="migrate {vm} from {source} to {target}",
    retries=0,
    persist_result=False,
    task_runner=ThreadPoolTaskRunner(max_workers=8),  # type: ignore[arg-type]
    on_cancellation=[settle_dead_run],
    on_crashed=[settle_dead_run],
)
def migrate_vm(
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
        StateTransfer,
        Field(
            title="State transfer",
            description="save: memory moves; shutdown: the guest is shut down; auto: save if possible",
        ),
    ] = StateTransfer.AUTO,
    keep_source: Annotated[
        bool,
        Field(
            title="Keep source", description="Keep the VM and its files on the source, disconnected and switched off"
        ),
    ] = True,
) -> dict[str, Any]:
    """Moves a VM with its disks to another Hyper-V host; a running one stands still only for what changed meanwhile."""
    request = MigrationRequest(
        vm=vm, source=source, target=target, target_folder=target_folder, switch_map=tuple(switch_map or ()),
        state_transfer=state_transfer, keep_source=keep_source,
    )  # fmt: skip
    run = MigrationRun()
    try:
        with listening(Publisher()), run:
            migration = run.begin(preflight_task(request))
            take_checkpoint_task(migration)
            per_disk(copy_base_disk_task, migration)
            cutover(migration)
            clean_up_task(migration)
    finally:
        if run.report is not None:
            publish_report(run.report)
    if run.report is None:
        raise AssertionError("a run that began has a report")
    return run.report.model_dump(mode="json")
