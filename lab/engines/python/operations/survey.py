"""Questions about a host: what it is, which VMs it has, what lies on it.

A survey that is wrong in the friendly direction costs a VM, so nothing here judges, repairs or fills in.
"""

from __future__ import annotations

import base64
import re
from typing import Literal

from lab.engines.python.operations import facts
from lab.engines.python.operations.calls import OperationCall
from lab.engines.python.operations.errors import refused
from lab.engines.python.operations.host import ModuleHost, our_tasks
from lab.engines.python.operations.records import GUID, MIGRATIONS, MODULES, normal_id, read_lock, read_locks
from lab.engines.python.operations.shares import is_open
from lab.host.sentences import say
from lab.hyperv import HyperVError
from lab.hyperv.model import UnreadableVM
from lab.platform.errors import PlatformError
from lab.platform.paths import SYSTEM_VOLUME
from qsm.facts.files import FileEntry
from qsm.facts.hosts import HostFacts, MacRange, SwitchFacts
from qsm.facts.machines import AddressUse
from qsm.facts.names import inside_folder, name_key, same_name, same_path
from qsm.facts.paths import wrong_names
from qsm.facts.states import SwitchType
from qsm.hosts import messages as m

FULL_PATH = re.compile(r"[A-Za-z]:\\|\\\\[^\\]+\\[^\\]+")
ADMINISTRATIVE_SHARES = re.compile(r"[A-Z]\$|ADMIN\$|IPC\$", re.IGNORECASE)
FolderKind = Literal["local", "csv", "smb", "missing", "root", "invalid", "compressed", "encrypted"]
COMPATIBLE, NOT_COMPATIBLE = 0, 32784  # CheckSystemCompatibilityInfo, "Return value"


def get_host(call: OperationCall, arguments: m.GetHostArguments) -> HostFacts:
    """Tell what the host is."""
    host = call.host
    settings = host.platform.accounts.settings
    vm_host = host.hyperv.get_vm_host()
    running = sum(vm.memory_assigned_bytes for vm in host.hyperv.get_vms())
    paths = [volume.root for volume in host.platform.files.volumes.all()]
    return HostFacts(
        computer_name=settings.computer_name,
        fqdn=settings.fqdn,
        computer_account=settings.computer_account,
        os_caption=settings.os_caption,
        os_build=settings.os_build,
        powershell_version=settings.powershell_version,
        language_mode=settings.language_mode,
        execution_policy=settings.effective_execution_policy,
        administrator=host.caller.administrator,
        hyperv=True,
        cluster=None,
        supported_vm_versions=vm_host.supported_vm_versions,
        processor_vendor=vm_host.processor_vendor,
        processor_name=vm_host.processor_name,
        logical_processors=vm_host.logical_processors,
        mac_range=MacRange(minimum=vm_host.mac_address_minimum, maximum=vm_host.mac_address_maximum),
        memory_free_bytes=max(0, settings.memory_bytes - running),
        boot_time_ticks=host.platform.accounts.boot_time_ticks,
        volumes=facts.known_volumes_of(host, [*paths, *arguments.paths]),
        system_volume=SYSTEM_VOLUME,
        switches=tuple(
            SwitchFacts(name=switch.name, switch_id=switch.switch_id, type=SwitchType(switch.switch_type))
            for switch in host.hyperv.get_vm_switch()
        ),
        bits_start_mode=settings.bits_start_mode,
        max_shells_per_user=settings.max_shells_per_user,
        max_processes_per_shell=settings.max_processes_per_shell,
        max_memory_per_shell_mb=settings.max_memory_per_shell_mb,
    )


def get_vm(call: OperationCall, arguments: m.GetVMArguments) -> m.GetVMResult:
    """Tell everything about a VM, by id or by name."""
    wanted = arguments.name_or_id
    everything = (*facts.real_vms(call.host), *map(facts.with_slots, call.host.hyperv.get_planned_vms()))
    vm_id = normal_id(wanted) if GUID.fullmatch(wanted) else None
    matches = [vm for vm in everything if vm.vm_id == vm_id or same_name(vm.name, wanted)]
    for lost in call.host.hyperv.get_unreadable_vms():
        if lost.vm_id == vm_id or same_name(lost.name, wanted) if lost.listed else not matches:
            found_id, name = _told(lost)
            told = say("vm_unreadable", call.host.name, vm=name, vm_id=found_id, error="The object was not found.")
            raise refused("HostFailed", told, subject=found_id)
    return m.GetVMResult(matches=tuple(facts.vm_facts(call.host, vm) for vm in matches))


def get_inventory(call: OperationCall, arguments: m.InventoryArguments) -> m.InventoryResult:
    """Tell everything that must be as before when a migration leaves a host clean."""
    host = call.host
    vms = host.hyperv.get_vms()
    checkpoints = [f"{vm.vm_id} {snapshot.name}" for vm in vms for snapshot in host.hyperv.get_vm_snapshot(vm.vm_id)]
    shares = [share.name for share in host.platform.shares.get_smb_share()]
    tasks = our_tasks(host)
    jobs = host.platform.bits.get_bits_transfer(caller=host.caller, all_users=True, name="qsm-*")
    return m.InventoryResult(
        vms=tuple(
            sorted(
                (
                    *(f"{vm.vm_id} {vm.name} {vm.state}" for vm in vms),
                    *(" ".join((*_told(lost), "Unreadable")) for lost in host.hyperv.get_unreadable_vms()),
                )
            )
        ),
        planned_vms=tuple(sorted(f"{vm.vm_id} {vm.name} {vm.state}" for vm in host.hyperv.get_planned_vms())),
        checkpoints=tuple(sorted(checkpoints)),
        shares=tuple(sorted(name for name in shares if not ADMINISTRATIVE_SHARES.fullmatch(name))),
        tasks=tuple(sorted(task.name for task in tasks)),
        jobs=tuple(sorted(job.display_name for job in jobs)),
        files=_entries(host, arguments.folders),
        migrations=tuple(host.folder.names(MIGRATIONS)),
        locks=read_locks(host),
        modules=tuple(host.folder.names(MODULES)),
    )


def _told(lost: UnreadableVM) -> tuple[str, str]:
    """Id and name of a VM that cannot be read, where the list of registered VMs tells them."""
    return (lost.vm_id, lost.name) if lost.listed else ("unknown", "unknown")


def _entries(host: ModuleHost, folders: tuple[str, ...]) -> tuple[FileEntry, ...]:
    found = {}
    for folder in folders:
        if not host.platform.files.is_folder(folder):
            continue
        for info in host.platform.files.list(folder, recursive=True):
            if not info.folder:
                entries = host.platform.acl.entries(info.path)
                access = sorted(f"{each.account}:{each.right.file_system_rights}" for each in entries)
                found[info.path] = FileEntry(
                    path=info.path,
                    length_bytes=info.length_bytes,
                    last_write_ticks=info.last_write_ticks,
                    access=tuple(access),
                )
    return tuple(found[path] for path in sorted(found))


def get_compatibility(call: OperationCall, arguments: m.VMArguments) -> m.CompatibilityResult:
    """Tell what another host needs to judge whether the VM's memory can be used there; None without an answer."""
    vm = facts.known_vm(call.host, arguments.vm_id)
    try:
        information = call.host.hyperv.get_system_compatibility_info(vm.vm_id)
    except HyperVError:
        return m.CompatibilityResult(compatibility=None)
    return m.CompatibilityResult(compatibility=base64.b64encode(information).decode("ascii"))


def resolve_account(call: OperationCall, arguments: m.AccountArguments) -> m.AccountResult:
    """Tell the SID of an account, or None."""
    return m.AccountResult(sid=call.host.platform.accounts.resolve(arguments.account))


def test_target(call: OperationCall, arguments: m.TestTargetArguments) -> m.TestTargetResult:
    """Tell what a target's folder, switches, VMs and processor say to a VM that wants to come."""
    host = call.host
    kind = _folder_kind(host, arguments.folder)
    exists = kind not in ("missing", "invalid", "smb") and host.platform.files.is_folder(arguments.folder)
    switches = {switch.name for switch in host.hyperv.get_vm_switch()}
    vm = facts.real_vm(host, arguments.vm_id)
    planned = any(each.vm_id == normal_id(arguments.vm_id) for each in host.hyperv.get_planned_vms())
    compatible, reasons = _compatible(host, arguments.compatibility)
    return m.TestTargetResult(
        folder_kind=kind,
        volume=None
        if kind in ("missing", "invalid", "smb")
        else facts.volume_facts(host.platform.files.volume_of(arguments.folder)),
        folder_exists=exists,
        files_in_the_way=tuple(path for path in arguments.files if host.platform.files.exists(path)),
        missing_images=tuple(path for path in arguments.images if not host.platform.files.is_file(path)),
        vm_state=vm.state if vm is not None else None,
        planned_vm=planned,
        missing_switches=tuple(name for name in arguments.switch_names if name not in switches),
        mac_addresses_in_use=_addresses_in_use(host, arguments),
        compatible=compatible,
        incompatibilities=reasons,
        smb_reachable=host.platform.test_connection(arguments.source_address),
        lock=read_lock(host, arguments.vm_id),
    )


def _addresses_in_use(host: ModuleHost, arguments: m.TestTargetArguments) -> tuple[AddressUse, ...] | None:
    """Adapters of other VMs that have one of the addresses; None where Hyper-V does not tell them."""
    if not arguments.mac_addresses:
        return ()
    try:
        adapters = host.hyperv.get_vm_network_adapters()
    except HyperVError:
        return None
    wanted, own = {name_key(address) for address in arguments.mac_addresses}, normal_id(arguments.vm_id)
    return tuple(
        AddressUse(mac_address=adapter.mac_address, adapter_name=adapter.name, vm_name=vm_name)
        for vm_name, adapter in adapters
        if adapter.vm_id != own and name_key(adapter.mac_address) in wanted
    )


def _folder_kind(host: ModuleHost, folder: str) -> FolderKind:
    if not FULL_PATH.match(folder) or wrong_names(folder):
        return "invalid"
    if folder.startswith("\\\\"):
        return "smb"
    try:
        volume = host.platform.files.volume_of(folder)
        path = host.platform.files.full_path(folder)
    except PlatformError as error:
        return "missing" if error.hresult in facts.PATH_MISSING else "invalid"
    if same_path(path, volume.root):
        return "root"
    if inside_folder(volume.root, "C:\\ClusterStorage"):
        return "csv"
    return facts.storage_form(host, path) or "local"


def _compatible(host: ModuleHost, compatibility: str | None) -> tuple[bool | None, tuple[str, ...]]:
    if compatibility is None:
        return None, ()
    try:
        code, reasons = host.hyperv.check_system_compatibility_info(base64.b64decode(compatibility, validate=True))
    except (HyperVError, ValueError):
        return None, ()
    return {COMPATIBLE: True, NOT_COMPATIBLE: False}.get(code), tuple(reasons)


def watch_source(call: OperationCall, arguments: m.WatchSourceArguments) -> m.WatchSourceResult:
    """Tell what a running copy depends on: boot time, state, shares, sizes, space."""
    host = call.host
    vm = facts.real_vm(host, arguments.vm_id)
    snapshots = host.hyperv.get_vm_snapshot(vm.vm_id) if vm is not None else ()
    files = facts.existing_files(host, arguments.files)
    disks = [drive.path for drive in vm.hard_drives if drive.path] if vm is not None else []
    return m.WatchSourceResult(
        boot_time_ticks=host.platform.accounts.boot_time_ticks,
        state=str(vm.state) if vm is not None else None,
        operational_status=tuple(str(status) for status in vm.operational_status) if vm is not None else (),
        checkpoints=tuple(facts.checkpoint_facts(snapshot) for snapshot in snapshots),
        missing_shares=tuple(name for name in arguments.shares if not is_open(call, name)),
        files=files,
        volumes=facts.known_volumes_of(host, [*(file.path for file in files), *disks]),
    )
