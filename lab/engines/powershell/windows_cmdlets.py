r"""BITS, SMB, scheduled tasks, access lists and the network: the cmdlets of Windows' other modules, and two programs.

Access lists are told as SDDL, as Get-Acl does. PowerShell renames files without telling the host model, and a folder's
access list goes with it on NTFS; so lists that were set are remembered by the file itself as well.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

from lab.engines.powershell.cmdlets import CmdletCall, CmdletError, Given, cmdlet, first, reference
from lab.engines.powershell.shapes import enum, guid, shape, uint64
from lab.hyperv.wildcards import fits, has_wildcard
from lab.platform import errors
from lab.platform.acl import Right
from lab.platform.bits_job import BitsJob, Priority
from lab.platform.errors import PlatformError
from lab.platform.identity import ADMINISTRATORS, SYSTEM_ACCOUNT
from lab.platform.tasks import ScheduledTask
from qsm.facts.names import same_name

BITS = "Microsoft.BackgroundIntelligentTransfer.Management."
CIM = "Microsoft.Management.Infrastructure.CimInstance#Root/Microsoft/Windows/"
SYSTEM_SID = "S-1-5-18"
WELL_KNOWN = {SYSTEM_SID: "SY", "S-1-5-32-544": "BA", "S-1-5-32-545": "BU", "S-1-1-0": "WD", "S-1-5-11": "AU"}
SDDL_ACCOUNTS = {"BA": ADMINISTRATORS, "SY": SYSTEM_ACCOUNT}
SDDL_RIGHTS = {Right.READ: "0x120089", Right.MODIFY: "0x1301bf", Right.FULL_CONTROL: "FA"}
ICACLS_RIGHTS = {"(R)": Right.READ, "(M)": Right.MODIFY, "(F)": Right.FULL_CONTROL}


# --- BITS


def _job(job: BitsJob) -> dict[str, Any]:
    number = job.error_hresult or 0
    properties = {
        "JobId": guid(job.job_id),
        "DisplayName": job.display_name,
        "JobState": enum(BITS + "BitsJobState", job.state),
        "OwnerAccount": job.owner_account,
        "Priority": enum(BITS + "BitsJobPriority", job.priority),
        "TransferType": enum(BITS + "BitsJobType", "Download"),
        "BytesTotal": uint64(job.bytes_total),
        "BytesTransferred": uint64(job.bytes_transferred),
        "FilesTotal": job.files_total,
        "FilesTransferred": job.files_transferred,
        "InternalErrorCode": number - (1 << 32) if number > 0x7FFFFFFF else number,
        "ErrorContext": enum(BITS + "BitsErrorContext", "None" if not number else "RemoteFile"),
        "ErrorDescription": job.error_description,
        "FileList": [
            shape(
                BITS + "BitsFile",
                {
                    "RemoteName": file.remote_name,
                    "LocalName": file.local_name,
                    "BytesTotal": uint64(file.bytes_total),
                    "BytesTransferred": uint64(file.bytes_transferred),
                },
            )
            for file in job.files
        ],
    }
    return shape(BITS + "BitsJob", properties, ref={"job_id": job.job_id})


@cmdlet(
    "Start-BitsTransfer",
    "Source",
    "Destination",
    "DisplayName",
    "TransferType",
    "Priority",
    "RetryInterval",
    "RetryTimeout",
    "Asynchronous",
)
def start_bits_transfer(call: CmdletCall, given: Given) -> Iterator[Any]:
    if str(given.get("TransferType", "Download")) != "Download":
        raise CmdletError("The lab's BITS only downloads.", error_id="NotImplemented", category="NotImplemented")
    made = call.host.platform.bits.start_bits_transfer(
        str(first(given["Source"])),
        str(first(given["Destination"])),
        caller=call.host.caller,
        asynchronous=bool(given.get("Asynchronous")),
        display_name=str(given.get("DisplayName", "BITS Transfer")),
        priority=Priority(given.get("Priority", "Foreground")),
        retry_interval_seconds=int(given.get("RetryInterval", 600)),
        retry_timeout_seconds=int(given.get("RetryTimeout", 1_209_600)),
    )
    if made is not None:
        yield _job(made)


@cmdlet("Get-BitsTransfer", "AllUsers")
def get_bits_transfer(call: CmdletCall, given: Given) -> Iterator[Any]:
    return map(
        _job,
        call.host.platform.bits.get_bits_transfer(caller=call.host.caller, all_users=bool(given.get("AllUsers"))),
    )


@cmdlet("Complete-BitsTransfer", "BitsJob")
def complete_bits_transfer(call: CmdletCall, given: Given) -> Iterator[Any]:
    call.host.platform.bits.complete_bits_transfer(reference(given["BitsJob"], "job_id"), caller=call.host.caller)
    yield from ()


@cmdlet("Remove-BitsTransfer", "BitsJob")
def remove_bits_transfer(call: CmdletCall, given: Given) -> Iterator[Any]:
    call.host.platform.bits.remove_bits_transfer(reference(given["BitsJob"], "job_id"), caller=call.host.caller)
    yield from ()


# --- shares


@cmdlet("Get-SmbShare", "Name")
def get_smb_share(call: CmdletCall, given: Given) -> Iterator[Any]:
    """-Name is a pattern."""
    pattern = str(first(given["Name"])) if "Name" in given else "*"
    found = [share for share in call.host.platform.shares.get_smb_share() if fits(pattern, share.name)]
    if not found and not has_wildcard(pattern):
        raise _not_found("MSFT_SMBShare", given)
    for share in found:
        entries = "".join(f"(A;;0x1200a9;;;{_sid(call, account)})" for account in share.read_access)
        properties = {
            "Name": share.name,
            "Path": share.path,
            "Temporary": share.temporary,
            "Special": share.special,
            "CachingMode": enum(
                "Microsoft.PowerShell.Cmdletization.GeneratedTypes.SmbShare.CachingMode", share.caching_mode
            ),
            "SecurityDescriptor": f"O:BAG:DUD:{entries}",
        }
        yield shape(CIM + "SMB/MSFT_SmbShare", properties, ref={"share": share.name})


@cmdlet("New-SmbShare", "Name", "Path", "ReadAccess", "CachingMode", "Temporary")
def new_smb_share(call: CmdletCall, given: Given) -> Iterator[Any]:
    read = given.get("ReadAccess", [])
    made = call.host.platform.shares.new_smb_share(
        str(given["Name"]),
        str(given["Path"]),
        read_access=tuple(read if isinstance(read, list) else [read]),
        temporary=bool(given.get("Temporary")),
        caching_mode=str(given.get("CachingMode", "Manual")),
    )
    yield shape(CIM + "SMB/MSFT_SmbShare", {"Name": made.name, "Path": made.path}, ref={"share": made.name})


@cmdlet("Remove-SmbShare", "Name", "Force")
def remove_smb_share(call: CmdletCall, given: Given) -> Iterator[Any]:
    """-Name is no pattern here."""
    name = str(first(given["Name"]))
    if not any(same_name(share.name, name) for share in call.host.platform.shares.get_smb_share()):
        raise _not_found("MSFT_SMBShare", {"Name": name})
    call.host.platform.shares.remove_smb_share(name)
    yield from ()


# --- scheduled tasks


@cmdlet("New-ScheduledTaskAction", "Execute", "Argument")
def new_scheduled_task_action(call: CmdletCall, given: Given) -> Iterator[Any]:
    line = f"{given['Execute']} {given.get('Argument', '')}".strip()
    properties = {"Execute": given["Execute"], "Arguments": given.get("Argument")}
    yield shape(CIM + "TaskScheduler/MSFT_TaskExecAction", properties, ref={"command_line": line})


@cmdlet("New-ScheduledTaskPrincipal", "UserId", "LogonType", "RunLevel")
def new_scheduled_task_principal(call: CmdletCall, given: Given) -> Iterator[Any]:
    user = str(given["UserId"])
    ref = {"user": SYSTEM_ACCOUNT if user == SYSTEM_SID else user}
    yield shape(CIM + "TaskScheduler/MSFT_TaskPrincipal2", {"UserId": user}, ref=ref)


@cmdlet(
    "New-ScheduledTaskSettingsSet",
    "AllowStartIfOnBatteries",
    "DontStopIfGoingOnBatteries",
    "MultipleInstances",
    "Priority",
    "ExecutionTimeLimit",
)
def new_scheduled_task_settings_set(call: CmdletCall, given: Given) -> Iterator[Any]:
    """A lab host has no battery and no other load, and its tasks have no limit: IgnoreNew is what it does."""
    if given.get("MultipleInstances", "IgnoreNew") != "IgnoreNew":
        raise CmdletError("The lab knows IgnoreNew only.", error_id="NotImplemented", category="NotImplemented")
    yield shape(
        CIM + "TaskScheduler/MSFT_TaskSettings3", {"Priority": given.get("Priority", 7)}, ref={"settings": True}
    )


@cmdlet("Register-ScheduledTask", "TaskName", "TaskPath", "Action", "Principal", "Settings", "Force")
def register_scheduled_task(call: CmdletCall, given: Given) -> Iterator[Any]:
    tasks, name, path = call.host.platform.tasks, str(given["TaskName"]), str(given.get("TaskPath", "\\"))
    if given.get("Force") and tasks.get_scheduled_task(name, path=path):
        tasks.unregister_scheduled_task(name, path=path)
    made = tasks.register_scheduled_task(
        name,
        path=path,
        command_line=reference(given["Action"], "command_line"),
        principal=reference(given["Principal"], "user"),
    )
    yield _task(made)


def _task(task: ScheduledTask) -> dict[str, Any]:
    state = enum("Microsoft.PowerShell.Cmdletization.GeneratedTypes.ScheduledTask.StateEnum", task.state)
    properties = {"TaskName": task.name, "TaskPath": task.path, "State": state}
    return shape(CIM + "TaskScheduler/MSFT_ScheduledTask", properties, ref={"task": task.name})


@cmdlet("Get-ScheduledTask", "TaskName", "TaskPath")
def get_scheduled_task(call: CmdletCall, given: Given) -> Iterator[Any]:
    name = None if "TaskName" not in given else str(first(given["TaskName"]))
    path = None if "TaskPath" not in given else str(first(given["TaskPath"]))
    found = call.host.platform.tasks.get_scheduled_task(name, path=path)
    if not found and given:
        raise _not_found("MSFT_ScheduledTask", given)
    return map(_task, found)


def _not_found(kind: str, given: Given) -> CmdletError:
    """What cmdlets generated from CIM say of a property that nothing has; of two properties at once without a name (13)."""
    suffix = f"_{next(iter(given))}" if len(given) == 1 else ""
    return CmdletError(
        f"No {kind} objects found with {dict(given)}.",
        error_id=f"CmdletizationQuery_NotFound{suffix}",
        category="ObjectNotFound",
    )


@cmdlet("Get-ScheduledTaskInfo", "TaskName", "TaskPath")
def get_scheduled_task_info(call: CmdletCall, given: Given) -> Iterator[Any]:
    name, path = str(given["TaskName"]), str(given["TaskPath"])
    for task in call.host.platform.tasks.get_scheduled_task(name, path=path):
        properties = {"TaskName": task.name, "TaskPath": task.path, "LastTaskResult": task.last_task_result}
        yield shape(CIM + "TaskScheduler/MSFT_TaskDynamicInfo", properties)
        return
    raise PlatformError(errors.FILE_NOT_FOUND, f"There is no scheduled task '{path}{name}'.")


@cmdlet("Start-ScheduledTask", "TaskName", "TaskPath")
def start_scheduled_task(call: CmdletCall, given: Given) -> Iterator[Any]:
    call.host.platform.tasks.start_scheduled_task(str(given["TaskName"]), path=str(given["TaskPath"]))
    yield from ()


@cmdlet("Stop-ScheduledTask", "TaskName", "TaskPath")
def stop_scheduled_task(call: CmdletCall, given: Given) -> Iterator[Any]:
    call.host.platform.tasks.stop_scheduled_task(str(given["TaskName"]), path=str(given["TaskPath"]))
    yield from ()


@cmdlet("Unregister-ScheduledTask", "TaskName", "TaskPath")
def unregister_scheduled_task(call: CmdletCall, given: Given) -> Iterator[Any]:
    name, path = str(first(given["TaskName"])), str(first(given["TaskPath"]))
    call.host.platform.tasks.unregister_scheduled_task(name, path=path)
    yield from ()


# --- access lists


def _sid(call: CmdletCall, account: str) -> str:
    sid = call.host.platform.accounts.resolve(account)
    if sid is None:
        raise PlatformError(errors.ACCOUNT_NOT_MAPPED, f"Nobody knows the account '{account}'.")
    return WELL_KNOWN.get(sid, sid)


def account_of(call: CmdletCall, sid: str) -> str:
    """The account of a SID. Raises ACCOUNT_NOT_MAPPED."""
    if sid.startswith("S-1-5-83-1-"):
        words = [int(word) for word in sid.split("-")[5:]]
        return f"NT VIRTUAL MACHINE\\{str(uuid.UUID(bytes_le=b''.join(word.to_bytes(4, 'little') for word in words))).upper()}"
    computers = [
        f"{entry.domain}\\{entry.name.upper()}$" for entry in call.host.platform.directory.all() if entry.domain
    ]
    for account in (ADMINISTRATORS, SYSTEM_ACCOUNT, r"BUILTIN\Users", "Everyone", *computers):
        if call.host.platform.accounts.resolve(account) == sid:
            return account
    raise PlatformError(errors.ACCOUNT_NOT_MAPPED, f"Nobody knows the SID {sid}.")


def _recall(call: CmdletCall, path: str) -> None:
    """Give a file that was renamed by PowerShell the list that it had under its old name."""
    acl, status = call.host.platform.acl, call.host.platform.files.host_path(path).stat()
    known = call.memory.access.get((status.st_dev, status.st_ino))
    if known is None or known["path"] == path or call.host.platform.files.exists(known["path"]):
        return
    if acl.owner(path) != known["owner"]:
        acl.set_owner(path, known["owner"])
    if known["protected"] and not acl.is_protected(path):
        acl.protect(path)
    for entry in known["entries"]:
        acl.grant(path, entry.account, entry.right)
    _remember(call, path)


def _remember(call: CmdletCall, path: str) -> None:
    acl, status = call.host.platform.acl, call.host.platform.files.host_path(path).stat()
    call.memory.access[(status.st_dev, status.st_ino)] = {
        "path": path,
        "owner": acl.owner(path),
        "protected": acl.is_protected(path),
        "entries": acl.entries(path),
    }


def _path(call: CmdletCall, given: Given) -> str:
    path = str(first(given["LiteralPath"] if "LiteralPath" in given else given["Path"]))
    found = str(call.host.platform.files.full_path(path))
    if not call.host.platform.files.exists(found):
        raise CmdletError(
            f"Cannot find path '{path}' because it does not exist.",
            error_id="GetAcl_PathNotFound_Exception",
            category="ObjectNotFound",
        )
    return found


@cmdlet("Get-Acl", "Path", "LiteralPath")
def get_acl(call: CmdletCall, given: Given) -> Iterator[Any]:
    path = _path(call, given)
    _recall(call, path)
    acl = call.host.platform.acl
    if not acl.identity_grants(path, call.host.caller, Right.READ):
        raise PlatformError(errors.ACCESS_DENIED, f"Access to the path '{path}' is denied.")
    aces = ""
    for entry in acl.entries(path, inherited=True):
        kind, inherited = "D" if entry.denies else "A", "ID" if entry.inherited else ""
        aces += f"({kind};{inherited};{SDDL_RIGHTS[entry.right]};;;{_sid(call, entry.account)})"
    flags = "P" if acl.is_protected(path) else "AI"
    properties = {
        "Path": path,
        "Owner": acl.owner(path),
        "Sddl": f"O:{_sid(call, acl.owner(path))}G:DUD:{flags}{aces}",
        "LabSddl": "",
        "LabSections": "",
    }
    kind = "DirectorySecurity" if call.host.platform.files.is_folder(path) else "FileSecurity"
    yield shape(f"System.Security.AccessControl.{kind}", properties, ref={"acl": path})


@cmdlet("AccessRules", "LiteralPath")
def access_rules(call: CmdletCall, given: Given) -> Iterator[Any]:
    """Not a cmdlet: what the property Access of an access list asks."""
    for entry in call.host.platform.acl.entries(_path(call, given), inherited=True):
        properties = {
            "IdentityReference": entry.account,
            "FileSystemRights": entry.right.file_system_rights,
            "AccessControlType": "Deny" if entry.denies else "Allow",
            "IsInherited": entry.inherited,
        }
        yield shape("System.Security.AccessControl.FileSystemAccessRule", properties)


@cmdlet("Attributes", "LiteralPath")
def attributes(call: CmdletCall, given: Given) -> Iterator[Any]:
    """Not a cmdlet: what the property Attributes of a file asks beside the file system of this machine."""
    yield ", ".join(sorted(call.host.platform.files.attributes.of(str(given["LiteralPath"]))))


@cmdlet("Set-Acl", "Path", "LiteralPath", "AclObject", "Sddl", "Sections")
def set_acl(call: CmdletCall, given: Given) -> Iterator[Any]:
    """The process sends along what SetSecurityDescriptorSddlForm was given."""
    path, sddl, sections = _path(call, given), str(given.get("Sddl", "")), str(given.get("Sections", ""))
    _recall(call, path)
    acl = call.host.platform.acl
    owner = re.match(r"O:([A-Z]{2}|S-[0-9-]+)", sddl)
    if "Owner" in sections and owner:
        sid = owner[1]
        account = SDDL_ACCOUNTS.get(sid) or account_of(call, sid)
        if acl.owner(path) != account:
            acl.set_owner(path, account)
    if "Access" in sections:
        if "D:P" in sddl:
            acl.protect(path)
        for rights, sid in re.findall(r"\(A;[A-Z]*;(\w+);;;([\w-]+)\)", sddl):
            right = next((right for right, letters in SDDL_RIGHTS.items() if letters.lower() == rights.lower()), None)
            if right is None:
                raise CmdletError(
                    f"The lab knows no rights {rights}.", error_id="NotImplemented", category="NotImplemented"
                )
            acl.grant(path, SDDL_ACCOUNTS.get(sid) or account_of(call, sid), right)
    _remember(call, path)
    yield from ()


@cmdlet("icacls.exe", "Arguments")
def icacls(call: CmdletCall, given: Given) -> Iterator[Any]:
    """`PATH /grant *SID:(R)` and `PATH /remove:g *SID`. Answers exit code and text."""
    words = [str(word) for word in given["Arguments"]]
    found = re.fullmatch(r"(.+) /(grant|remove:g) \*(S-[0-9-]+)(?::(\([RMF]\)))?", " ".join(words))
    if found is None:
        raise CmdletError(
            f"The lab's icacls does not know {words}.", error_id="NotImplemented", category="NotImplemented"
        )
    path, verb, sid, rights = found.groups()
    try:
        account = account_of(call, sid)
        if verb == "grant":
            call.host.platform.acl.grant(path, account, ICACLS_RIGHTS[rights])
        else:
            call.host.platform.acl.revoke(path, account)
    except PlatformError as error:
        yield {"code": error.hresult & 0xFFFF, "text": error.message}
        return
    yield {"code": 0, "text": f"processed file: {path}"}


@cmdlet("whoami.exe", "Arguments")
def whoami(call: CmdletCall, given: Given) -> Iterator[Any]:
    """`/groups /fo csv /nh`: a filtered token holds Administrators for denying only, and has a medium level."""
    if given["Arguments"] != ["/groups", "/fo", "csv", "/nh"]:
        raise CmdletError(
            "The lab's whoami knows /groups /fo csv /nh.", error_id="NotImplemented", category="NotImplemented"
        )
    caller = call.host.caller
    level = "S-1-16-16384" if caller.is_system else "S-1-16-12288" if caller.administrator else "S-1-16-8192"
    use = "Enabled group" if caller.administrator else "Group used for deny only"
    lines = [
        f'"{ADMINISTRATORS}","Alias","S-1-5-32-544","{use}"',
        f'"Mandatory Label","Label","{level}",""',
    ]
    yield {"code": 0, "text": "\n".join(lines)}


# --- the rest


@cmdlet("Get-WSManInstance", "ResourceURI")
def get_wsman_instance(call: CmdletCall, given: Given) -> Iterator[Any]:
    if str(given["ResourceURI"]) != "winrm/config/winrs":
        raise CmdletError("The lab knows winrm/config/winrs.", error_id="NotImplemented", category="NotImplemented")
    if not call.host.caller.administrator:
        raise PlatformError(errors.ACCESS_DENIED, "Access is denied.")
    settings = call.host.platform.accounts.settings
    properties = {
        "MaxShellsPerUser": str(settings.max_shells_per_user),
        "MaxProcessesPerShell": str(settings.max_processes_per_shell),
        "MaxMemoryPerShellMB": str(settings.max_memory_per_shell_mb),
    }
    yield shape("System.Xml.XmlElement", properties)


@cmdlet("Get-ClusterSharedVolume")
def get_cluster_shared_volume(call: CmdletCall, given: Given) -> Iterator[Any]:
    """No lab host has any. Without the cluster service it ends with an error of the connection (section 12)."""
    settings = call.host.platform.accounts.settings
    if settings.cluster is None or not settings.cluster_runs:
        raise CmdletError(
            "The cluster service is not running. Make sure that the service is running on all nodes in the cluster.",
            error_id="ClusterEndpointNotRegistered",
            category="ConnectionError",
        )
    yield from ()


@cmdlet("Test-NetConnection", "ComputerName", "Port", "InformationLevel")
def test_net_connection(call: CmdletCall, given: Given) -> Iterator[Any]:
    if int(given.get("Port", 0)) != 445 or given.get("InformationLevel") != "Quiet":
        raise CmdletError("The lab tests port 445, quietly.", error_id="NotImplemented", category="NotImplemented")
    yield call.host.platform.test_connection(str(given["ComputerName"]))
