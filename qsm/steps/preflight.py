"""Preflight: everything that can be known before anything is changed.

1. ask both hosts who they are, the source about the VM, the target about the place;
2. collect every reason against the move, not only the first;
3. choose how the VM is stopped (saved, shut down, as it is) and where each file goes;
4. give the plan, or refuse with all reasons.

Changes nothing on a host but the installed module. A question without an answer is a reason to refuse.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from qsm.errors import PreflightRefused
from qsm.facts.hosts import HostFacts
from qsm.facts.machines import VMFacts
from qsm.facts.names import same_name
from qsm.facts.paths import LONGEST_FILE_PATH, signs
from qsm.hosts import messages as m
from qsm.hosts import needs, operations
from qsm.hosts.host import Host
from qsm.hosts.meter import Meter
from qsm.judgement import addresses, capacity, checkpoints, file_systems, lengths, notes, room
from qsm.judgement.gate import too_short, windows_for
from qsm.judgement.obstacles import about_target, about_version, about_vm
from qsm.judgement.placement import (
    choose_switches,
    choose_transfer,
    configuration_files,
    created_folders,
    export_volume,
    memory_bound,
    misleading_files,
    place_disks,
    source_folders,
)
from qsm.migration.migration import Migration, open_host
from qsm.migration.progress import Noted, Progress, StepEnded, StepStarted
from qsm.plan.names import export_folder, new_migration_id
from qsm.plan.plan import Plan, PlannedDisk
from qsm.plan.request import MigrationRequest
from qsm.settings import Settings


def begin(request: MigrationRequest, settings: Settings, *, requested_by: str, progress: Progress) -> Migration:
    """Opens both hosts and makes the plan: a migration that may begin, and that reports to `progress` from here on.

    A preflight that refuses is no step of a migration, since there is none: it is reported when it is over.
    Raises as `preflight`, and SettingsError.
    """
    meter = Meter()
    source = open_host(request.source, settings, meter=meter)
    target = open_host(request.target, settings, meter=meter)
    began = time.time()
    try:
        plan = preflight(request, source=source, target=target, settings=settings, requested_by=requested_by)
    except BaseException:
        source.close()
        target.close()
        raise
    progress.tell(StepStarted("preflight", at=began))
    progress.tell(StepEnded("preflight", seconds=time.time() - began))
    for note in plan.notes:
        progress.tell(Noted(note))
    return Migration(plan, source, target, settings=settings, progress=progress, new=True)


def preflight(request: MigrationRequest, *, source: Host, target: Host, settings: Settings, requested_by: str) -> Plan:
    """The plan of a migration that may begin now. Raises PreflightRefused with every reason."""
    source_facts = source.ask(operations.get_host, m.GetHostArguments())
    target_facts = target.ask(operations.get_host, m.GetHostArguments())
    vm = _find_vm(request, source)
    reasons = [
        *needs.reasons(needs.OF_HOST, source_facts, host=source.name),
        *needs.reasons(needs.OF_HOST, target_facts, host=target.name),
    ]
    if same_name(source_facts.computer_name, target_facts.computer_name):
        reasons.append(f"hosts {source.name} and {target.name} are the same computer, {source_facts.computer_name}")
    reasons += about_vm(vm, host=source.name)
    disks, shared_folders = place_disks(vm, request.target_folder, host=source.name)
    blob = source.ask(operations.get_compatibility, m.VMArguments(vm_id=vm.vm_id)).compatibility
    smb_name = source.settings.smb_name or source_facts.fqdn
    place = target.ask(operations.test_target, _target_question(vm, request, disks, smb_name=smb_name, blob=blob))
    reasons += about_target(place, request, vm)
    reasons += file_systems.about_source_volumes(vm, host=source.name)
    reasons += file_systems.about_target_volume(place.volume, host=target.name)
    reasons += needs.reasons(needs.OF_PAIR, _ask_pair(source, target, target_facts, smb_name=smb_name, place=place))
    reasons += about_version(vm, target_facts)
    switches, switch_reasons = choose_switches(vm, request, place)
    reasons += switch_reasons
    transfer, transfer_reasons = choose_transfer(
        vm, request, place, source_facts=source_facts, target_facts=target_facts
    )
    reasons += transfer_reasons
    checkpoint_type, checkpoint_reasons = checkpoints.choose_checkpoint(vm, request.checkpoint_type)
    reasons += checkpoint_reasons
    reasons += capacity.lacks(vm, target_facts, host=target.name, transfer=transfer)
    pinned = addresses.choose_pinned(vm, request.pin_mac, transfer=transfer, target_facts=target_facts, place=place)
    memory = memory_bound(vm, settings)
    demands = [
        *room.of_migration(
            vm,
            disks,
            source=source.name,
            target=target.name,
            target_folder=request.target_folder if place.folder_kind == "local" else None,
            memory_bytes=memory,
            transfer=transfer,
        )
    ]
    migration_id = new_migration_id()
    export = export_folder(export_volume(vm, source_facts, demands, host=source.name), migration_id)
    demands += room.of_export(export, host=source.name, memory_bytes=memory, transfer=transfer)
    reasons += lengths.too_long(vm, disks, request.target_folder, export, source=source.name, target=target.name)
    volumes = {
        source.name: [*vm.volumes, *source_facts.volumes],
        target.name: [*target_facts.volumes, *([place.volume] if place.volume is not None else [])],
    }
    agreed = windows_for(settings.windows, purpose="cutover", vm=vm.name, host=source.name)
    reasons += too_short(agreed, moment=datetime.now(UTC), seconds=settings.cutover_allowance_seconds)
    reasons += room.shortages(demands, volumes, reserve_bytes=settings.reserve_bytes)
    if reasons:
        raise PreflightRefused(f"{vm.name} on host {source.name}", reasons)
    return Plan(
        migration_id=migration_id,
        requested_by=requested_by,
        vm_id=vm.vm_id,
        vm_name=vm.name,
        source=source.name,
        target=target.name,
        source_computer=source_facts.computer_name,
        target_computer=target_facts.computer_name,
        source_smb_name=smb_name,
        target_account=target_facts.computer_account or "",
        target_folder=request.target_folder,
        created_folders=created_folders(request.target_folder, disks, vm_id=vm.vm_id, exists=place.folder_exists),
        disks=disks,
        shared_folders=shared_folders,
        export_folder=export,
        switches=switches,
        adapters=vm.adapters,
        pinned=pinned,
        state_before=vm.state,
        transfer=transfer,
        memory_bytes=memory,
        checkpoint_type=checkpoint_type,
        checkpoint_type_before=vm.checkpoint_type,
        automatic_checkpoints_before=vm.automatic_checkpoints,
        automatic_start_action=vm.automatic_start_action,
        keep_source=request.keep_source,
        reserve_bytes=settings.reserve_bytes,
        source_boot_ticks=source_facts.boot_time_ticks,
        source_folders=source_folders(vm),
        window_wait_minutes=request.window_wait_minutes,
        gate_opened=request.open_gate,
        notes=(
            *checkpoints.about_checkpoint(vm, checkpoint_type),
            *addresses.about(vm, pinned, target=target.name, transfer=transfer, target_facts=target_facts, place=place),
            *notes.about_move(vm, place, target=target.name),
        ),
    )


def _find_vm(request: MigrationRequest, source: Host) -> VMFacts:
    matches = [
        v for v in source.ask(operations.get_vm, m.GetVMArguments(name_or_id=request.vm)).matches if not v.planned
    ]
    if not matches:
        raise PreflightRefused(request.vm, [f"host {source.name} has no VM with this name or id"])
    if len(matches) > 1:
        ids = ", ".join(vm.vm_id for vm in matches)
        raise PreflightRefused(
            request.vm, [f"host {source.name} has {len(matches)} VMs of this name; give one of the ids {ids}"]
        )
    return matches[0]


def _target_question(
    vm: VMFacts, request: MigrationRequest, disks: Sequence[PlannedDisk], *, smb_name: str, blob: str | None
) -> m.TestTargetArguments:
    binary, text = configuration_files(request.target_folder, vm_id=vm.vm_id)
    ours = (*(disk.target_path for disk in disks), *binary, *text)
    files = tuple(dict.fromkeys((*ours, *misleading_files(disks, request.target_folder))))
    return m.TestTargetArguments(
        vm_id=vm.vm_id,
        folder=request.target_folder,
        source_address=smb_name,
        # One that is too long is refused for that; Test-Path may fail on it, and the whole question with it.
        files=tuple(path for path in files if signs(path) <= LONGEST_FILE_PATH),
        switch_names=tuple(sorted({pair.target for pair in request.switch_map if pair.target})),
        mac_addresses=tuple(adapter.mac_address for adapter in vm.adapters if addresses.is_given(adapter)),
        compatibility=blob,
        images=tuple(path for path in vm.dvd_paths if signs(path) <= LONGEST_FILE_PATH),
    )


def _ask_pair(
    source: Host, target: Host, target_facts: HostFacts, *, smb_name: str, place: m.TestTargetResult
) -> needs.PairFacts:
    account = target_facts.computer_account
    known = source.ask(operations.resolve_account, m.AccountArguments(account=account)) if account else None
    return needs.PairFacts(
        source=source.name,
        target=target.name,
        account=account,
        sid=known.sid if known else None,
        smb_name=smb_name,
        smb_reachable=place.smb_reachable,
    )
