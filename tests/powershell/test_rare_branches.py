"""What the module does in cases that no migration of the other tests comes into: a service that does not answer, an act
that leaves things as they were, a file that somebody holds.

A row is a script inside the module, and what was done to the host before. What the script defines (an answer that no Windows
gives, a Start-Sleep that does not wait) stands before Windows' own for that script alone, so nothing is left for the next row.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest
from engine import ScriptError
from two_hosts import ACCOUNT
from world import RESERVE, World

from lab.engines.powershell.cmdlets import WmiJob

Before = Callable[[World], object]
"""What is done to the host before the script; a context manager: for as long as it runs."""

LSA = """
function New-Object($TypeName, $ArgumentList) {
    if ($TypeName -notlike '*.NTAccount') { return Microsoft.PowerShell.Utility\\New-Object @PSBoundParameters }
    $told = [PSCustomObject]@{ Value = 'S-1-5-21-1'; Account = $ArgumentList }
    $told | Add-Member -MemberType ScriptMethod -Name Translate -Value {
        param($type)
        if ($type.Name -eq 'SecurityIdentifier') { $this } else { [PSCustomObject]@{ Value = "LSA\\$($this.Account)" } }
    } -PassThru
}
"""
COMPUTER = "([PSCustomObject]@{ PartOfDomain = $true; Domain = 'lab.example'; Name = 'HV01' })"
SHARED_VOLUMES = """
$shared = 'C:\\ClusterStorage'
function Get-ClusterSharedVolume {
    $partition = [PSCustomObject]@{ Size = 20; FreeSpace = 10 }
    $known, $only = 1, 2 | ForEach-Object { [PSCustomObject]@{ FriendlyVolumeName = "$shared\\Volume$_"; Partition = $partition }}
    [PSCustomObject]@{ SharedVolumeInfo = @($known) }
    [PSCustomObject]@{ SharedVolumeInfo = @($only) }
}
$told = @(Get-QsmMountPath | Where-Object { $_.csv })
"""
WORK_OF_COPIES = (
    "function New-Work($Number, $State) {\n"
    "    $paths = Get-QsmWorkPath -MigrationId $migration -Kind copy -Number $Number\n"
    "    if ($Number -eq 1) { [void](New-Item -ItemType Directory -Path $paths.folder) }\n"
    "    Write-QsmJson -Path $paths.request -Value @{ files = @('a', 'b') }\n"
    "    Write-QsmJson -Path $paths.state -Value @{ state = $State }\n"
    "}\n"
    "New-Work 1 'Done'; New-Work 2 'Failed'\n"
)
STREAM = (
    "$path = 'C:\\Temp\\held.json'\n"
    "Write-QsmJson -Path $path -Value @{ a = 1 }\n"
    "$real = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($path)\n"
    "$stream = [IO.File]::Open($real, 'Open', 'ReadWrite', 'None')\n"
)


def no_change(world: World) -> None:
    """The host as it is, with a VM that is off."""


def during(done: object) -> AbstractContextManager[object]:
    return done if isinstance(done, AbstractContextManager) else nullcontext()


def fails(cmdlet: str, hresult: int) -> Before:
    return lambda world: world.fail(cmdlet, hresult)


def shown(**fields: Any) -> Before:
    return lambda world: world.show(**fields)


def planned_for_good(world: World) -> None:
    world.plan_vm("D:\\p")
    world.fail("Remove-VM", 0x80041001)  # which DestroySystem is, too


def going_on(world: World) -> WmiJob:
    """A job of Hyper-V."""
    made = world.host.bridge.memory.wmi_jobs["J"] = WmiJob("J", "ExportSystemDefinition")
    return made


def ending(world: World) -> AbstractContextManager[object]:
    made = going_on(world)
    return world.meanwhile("Msvm_ConcreteJob", lambda: setattr(made, "state", 7))


# One row: what is told, a script inside the module, and its output.
TOLD: dict[str, tuple[str, list[Any]]] = {
    "a shared volume of a cluster that Win32_Volume knows counts once, another as the cluster tells it": (
        SHARED_VOLUMES + '$told | ForEach-Object { "$($_.root) $($_.free_bytes) $($_.file_system)" }',
        ["C:\\ClusterStorage\\Volume1\\ 1 NTFS", "C:\\ClusterStorage\\Volume2\\ 10 CSVFS"],
    ),
    "the host's account as LSA spells it": (
        LSA + f"Get-QsmComputerAccount -Computer {COMPUTER}",
        ["LSA\\lab.example\\HV01$"],
    ),
    "the host's account where nobody tells the domain's short name": (
        f"Get-QsmComputerAccount -Computer {COMPUTER}",
        ["lab.example\\HV01$"],
    ),
    "a file that somebody holds and leaves alone": (
        "$real = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($disk)\n"
        "[IO.File]::SetLastWriteTimeUtc($real, [DateTime]::UtcNow.AddHours(-1))\n"
        "$stream = [IO.File]::Open($real, 'Open', 'ReadWrite', 'None')\n"
        "try { Test-QsmFileWritten -Path $disk; @(Get-QsmSettledFile -Path $disk, 'D:\\gone').Count }\n"
        "finally { $stream.Dispose() }\n"
        "Test-QsmFileWritten -Path $disk",
        [True, 1, False],
    ),
    "a file that is written once more while it is watched": (
        "$looks = @{ n = 0 }\n"
        "function Test-QsmFileWritten { $looks.n++; Add-Content -LiteralPath $disk -Value 'x'; $looks.n -lt 3 }\n"
        "$told = Get-QsmSettledFile -Path $disk\n"
        "$looks.n; $told.length_bytes -eq (Get-Item -LiteralPath $disk).Length",
        [3, True],
    ),
    "a shutdown component in a state that nobody knows": (
        "function Get-WmiObject { [PSCustomObject]@{ EnabledState = 2; OperationalStatus = @(99) } }\n"
        "(Get-QsmShutdownComponent -VMId $id).status",
        ["99"],
    ),
    "an account that LSA knows": (LSA + "Resolve-QsmSid -Account 'LAB\\x'", ["S-1-5-21-1"]),
    "no account where WMI fails too": (
        f"$null -eq (Resolve-QsmSid -Account '{ACCOUNT}')",
        [True],
    ),
    "no administrator where whoami does not run": (
        "Test-QsmAdministrator",
        [False],
    ),
    "no way to a host where the question fails": (
        "Test-QsmSmbReachable -Address 'hv02'",
        [False],
    ),
    "a question for compatibility that fails is no answer": (
        "$told = Test-QsmCompatibility -Compatibility 'AQID'; $null -eq $told.compatible\n"
        "($told.incompatibilities -like 'The question failed: *').Count",
        [True, 1],
    ),
    "no outcome of a migration that did nothing": ("@(Get-QsmOutcome -MigrationId $migration).Count", [0]),
    "files that somebody holds and folders that do not go": (
        "function Remove-Item { throw 'in use' }\n"
        '[void](New-Item -ItemType Directory -Path "$folder\\empty")\n'
        "Set-Content -LiteralPath \"$folder\\a.vhdx\" -Value 'a'\n"
        '$told = Remove-QsmListedFile -File "$folder\\a.vhdx" -Allowed "$folder\\a.vhdx" -Folder "$folder\\empty" -Reason \'x\'\n'
        "$told.removed.Count; $told.kept.Replace($folder, '')",
        [0, "\\a.vhdx: in use.", "\\empty: in use."],
    ),
    "what BITS may still hold while it cannot be asked: the files of copies that are not done": (
        WORK_OF_COPIES + "(Get-QsmWorkLeft -MigrationId $migration).Replace($migration, 'M')",
        ["qsm-M-copy-2-0", "qsm-M-copy-2-1"],
    ),
    "a file that is let go while it is waited for": (
        STREAM + "function Start-Sleep { $stream.Dispose() }; (Read-QsmJson -Path $path).a",
        [1],
    ),
    "a lock whose holder died": (
        "$empty = [Management.Automation.Runspaces.InitialSessionState]::Create(); $empty.LanguageMode = 'FullLanguage'\n"
        '$mutex = New-Object -TypeName System.Threading.Mutex -ArgumentList $false, "Global\\QSM-$env:COMPUTERNAME-$migration"\n'
        "$holder = [PowerShell]::Create($empty).AddScript('param($mutex) $mutex.WaitOne()').AddArgument($mutex)\n"
        "$holder.Invoke(); $holder.Dispose()\n"
        "Use-QsmLock -MigrationId $migration -WaitSeconds 5 -ScriptBlock { 'mine' }",
        [True, "mine"],
    ),
    "a job that ends while it is waited for": (
        "Wait-QsmWmiJob -Answer ([PSCustomObject]@{ ReturnValue = 4096; Job = 'x.InstanceID=\"J\"' }) -ErrorId 'X' -What 'W' "
        "-Subject 'S' -LimitSeconds 5; "
        "(Get-WmiObject -Namespace 'root\\virtualization\\v2' -Class Msvm_ConcreteJob -Filter \"InstanceID='J'\").JobState",
        [7],
    ),
    "a planned VM that Get-VM does not give, as on 2012 R2": (
        "$planned = Get-QsmPlannedVM -VMId $id\n"
        "function Get-VM {}; Remove-QsmPlannedVM -PlannedVM $planned; @(Get-QsmPlannedVM -VMId $id).Count",
        [0],
    ),
    "a job that is gone, where the effect is looked for": (
        "Wait-QsmWmiJob -Answer ([PSCustomObject]@{ ReturnValue = 4096; Job = 'x.InstanceID=\"GONE\"' }) -ErrorId 'X' -What 'W' "
        "-Subject 'S' -LimitSeconds 5 -Proven; 'went on'",
        ["went on"],
    ),
    "work that ends while it is waited for": (
        "$path = (Get-QsmWorkPath -MigrationId $migration -Kind merge -Number 3).state\n"
        "function Start-Sleep { [void](mkdir (Split-Path $path)); Write-QsmJson -Path $path -Value @{ state = 'Stopped' } }\n"
        "Wait-QsmWorkStop -MigrationId $migration -Kind merge -Number 3 -LimitSeconds 5; Test-Path -LiteralPath $path",
        [True],
    ),
}


BEFORE_TOLD: dict[str, Before] = {
    "a shared volume of a cluster that Win32_Volume knows counts once, another as the cluster tells it": (
        lambda world: world.add_volume("C:\\ClusterStorage\\Volume1\\", 1)
    ),
    "the host's account where nobody tells the domain's short name": fails("Win32_NTDomain", 0x80041010),
    "no account where WMI fails too": fails("Win32_UserAccount", 0x80041010),
    "no administrator where whoami does not run": fails("whoami.exe", 0x80070002),
    "no way to a host where the question fails": fails("Test-NetConnection", 0x80004005),
    "a question for compatibility that fails is no answer": fails("Msvm_VirtualSystemMigrationService", 0x80041001),
    "what BITS may still hold while it cannot be asked: the files of copies that are not done": (
        fails("Get-BitsTransfer", 0x800704DD)
    ),
    "a planned VM that Get-VM does not give, as on 2012 R2": lambda world: world.plan_vm("D:\\p"),
    "a job that ends while it is waited for": ending,
}


@pytest.mark.parametrize("what", TOLD)
def test_told(world: World, what: str) -> None:
    world.make_vm(state="Off")
    script, expected = TOLD[what]
    with during(BEFORE_TOLD.get(what, no_change)(world)):
        assert world.run(script) == expected


WAIT_JOB = (
    "Wait-QsmWmiJob -ErrorId 'ImportFailed' -What 'Removing' -Subject 'S' -LimitSeconds 0 -Answer ([PSCustomObject]"
)
EXPORT = "Export-QsmVMConfiguration -VMId $id -MigrationId $migration"
SAVE = (
    f"Save-QsmVM -VMId $id -ExpectedDisks @([PSCustomObject]@{{ slot = 'SCSI 0:0'; path = $disk }}) -ReserveBytes {RESERVE} "
    "-WaitLimitSeconds 1 -MigrationId $migration -ExpectedState $vm.State -Mode"
)
FROZEN = (
    "$old = Get-QsmDiskFile -Path $disk; $real = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($disk)\n"
    "[IO.File]::WriteAllBytes($real, [byte[]](1, 2, 3))\n"
)
VLAN = (
    "$vlan = @(Get-QsmPlannedVlan -VM $vm)\n"
    "Set-VMNetworkAdapterVlan -VMNetworkAdapter $vm.NetworkAdapters[0] -Access -VlanId 7\n"
)
PLANNED = "$planned = Get-QsmPlannedVM -VMId $id\n"

# One row: what goes wrong, a script inside the module, the error's id and category, and words of its message.
WRONG: dict[str, tuple[str, str, str, str]] = {
    "a call without a field": (
        "Assert-QsmCall -Call ([PSCustomObject]@{ call = '1'; operation = 'get_host'; Module = '' })",
        *(
            "InvalidArgument",
            "refused",
            "missing or unknown: module, migration_id, subject, revision, wait_seconds, arguments",
        ),
    ),
    "a frozen disk that is no disk any more": (
        FROZEN + "Assert-QsmFrozenDisk -Disk @($old) -Act 'copy'",
        *("WorldChanged", "refused", "has changed: found not readable: "),
    ),
    "a share that is not there after it was made": (
        f"Assert-QsmShare -Name 'qsm-x$' -Sid (Resolve-QsmSid -Account '{ACCOUNT}') -File @()",
        *("ShareFailed", "failed", "'qsm-x$' on host HV01 was made, but it does not exist"),
    ),
    "text that is no time": (
        "ConvertFrom-QsmWmiTime -Text '2030-01-31'",
        "HostFailed",
        "refused",
        "'2030-01-31' is not a time",
    ),
    "an export that changes the VM's disks": (
        EXPORT,
        *("ExportFailed", "failed", "has changed its disks: SCSI 0:0 D:\\other.vhdx instead of SCSI 0:0 D:\\VMs"),
    ),
    "an export without a configuration": (
        "function Invoke-WmiMethod { [PSCustomObject]@{ ReturnValue = 0 } }\n" + EXPORT,
        *("ExportFailed", "failed", "holds 0 configuration files instead of one"),
    ),
    "a folder that cannot be closed": (
        "function Set-Acl {}\n" + EXPORT,
        *("ExportFailed", "failed", "could not be closed to others"),
    ),
    "an export without the memory": (
        "function Invoke-WmiMethod {\n"
        '    [void](New-Item -ItemType File -Path "D:\\qsm-$migration\\Virtual Machines\\$id.vmcx" -Force)\n'
        "    [PSCustomObject]@{ ReturnValue = 0 }\n"
        "}\n" + EXPORT,
        *("ExportFailed", "failed", ".vmrs, without which the VM could not be imported as it is"),
    ),
    "an export without the guest state": (
        '$own = "$($vm.ConfigurationLocation)\\Virtual Machines\\$($id.ToUpperInvariant()).vmgs"\n'
        "[void](New-Item -ItemType File -Path $own -Force)\n" + EXPORT,
        *("ExportFailed", "failed", ".vmgs, without which the VM could not be imported as it is"),
    ),
    "a file that changes on and on": (
        "function Test-QsmFileWritten { $true }\n"
        "(Get-Item -LiteralPath $disk).LastWriteTimeUtc = [DateTime]::UtcNow.AddHours(1)\n"
        "Get-QsmSettledFile -Path $disk -LimitSeconds 0",
        *("HostFailed", "failed", "has been open for writing and changing for 0 s"),
    ),
    "a file that is gone when its writer is looked for": (
        'Test-QsmFileWritten -Path "$folder\\gone.vmgs"',
        *("HostFailed", "refused", "gone.vmgs"),
    ),
    "an identity of a file that is gone": (
        'Get-QsmContentIdentity -Path "$folder\\gone.vhd" -Format VHD',
        *("HostFailed", "refused", "gone.vhd"),
    ),
    "a chain that comes back to itself": (
        "function Get-VHD { $told = WindowsStandIns\\Get-VHD @args; $told.ParentPath = $told.Path; $told }\n"
        "Get-QsmDiskChain -Path $disk",
        *("HostFailed", "refused", "does not end: it comes back to 'D:\\VMs"),
    ),
    "a merge that left a child": (
        "Get-QsmMergedDisk -Base $disk -Child @($disk)",
        *("MergeFailed", "failed", "with parent '', and 1 children are left"),
    ),
    "a start that nobody can look at afterwards": (
        "try { throw 'kaputt' } catch { throw (Get-QsmStartError -VMId $id -Cause $_ -Before 'x') }",
        *("HostFailed", "failed", "failed: kaputt. The VM is unknown now, and it is not proved that it has not run."),
    ),
    "a scheduler that does not answer": (
        "Get-QsmTask",
        *("HostFailed", "refused", "kaputt"),
    ),
    "a VM that is gone after it was acted on": (
        "Get-QsmVMObject -VMId $id -Required -Acted",
        *("HostFailed", "failed", "somebody removed or moved it"),
    ),
    "a right that is not there after it was granted": (
        "function icacls.exe { $global:LASTEXITCODE = 0 }\n"
        "Grant-QsmDiskAccess -VMId $id -Disk @(@{ slot = 'SCSI 0:0'; path = $disk })",
        *("ImportFailed", "failed", "has no full control of its disk"),
    ),
    "a file that nobody lets go": (
        STREAM + "function Start-Sleep {}; try { Read-QsmJson -Path $path } finally { $stream.Dispose() }",
        *("HostFailed", "refused", "held.json"),
    ),
    "a planned VM that stays": (
        "function Remove-VM {}; function Invoke-WmiMethod { [PSCustomObject]@{ ReturnValue = 0 } }\n"
        + PLANNED
        + "Remove-QsmPlannedVM -PlannedVM $planned",
        *("ImportFailed", "failed", "is still registered on host HV01 after Hyper-V removed it"),
    ),
    "a planned VM that stays after a failed import": (
        PLANNED + "try { throw 'kaputt' } catch { throw (Undo-QsmImport -VMId $id -Cause $_) }",
        *("ImportFailed", "failed", "A planned VM may be left there: "),
    ),
    "a VLAN that cannot be set": (
        VLAN + "function Set-VMNetworkAdapterVlan {}; Repair-QsmVlan -VMId $id -Vlan $vlan",
        *("ImportFailed", "failed", "could not be set"),
    ),
    "a VM that does not stand still and shall be moved as it lies": (
        f"{SAVE} none",
        *("WorldChanged", "refused", "is Running, neither Saved nor Off"),
    ),
    "a VM that is not saved": (
        f"function Save-VM {{}}; {SAVE} save",
        *("SaveFailed", "failed", "is Running instead of Saved after so many s. Its automatic start is off."),
    ),
    "a disk that cannot be read when the VM stands": (
        f"{SAVE} none",
        *("SaveFailed", "failed", "is Off, but its disk 'D:\\VMs"),
    ),
    "a chain that does not pass": (
        "function Test-VHD { $false }; Set-QsmDiskParent -Base $disk -Child @()",
        *("DiskChainBroken", "failed", "did not pass Test-VHD"),
    ),
    "a disk on a volume that WMI does not list": (
        "function Get-VHD { Write-Error -Message 'Kein Datentraeger.' -ErrorId 'InvalidParameter' -ErrorAction Stop }\n"
        "Get-QsmDiskFile -Path $disk",
        *("HostFailed", "refused", "but Hyper-V's disk cmdlets do not find it: Kein Datentraeger. They ask WMI for it"),
    ),
    "a disk of a volume without a letter": (
        "Assert-QsmDiskPath -Path '\\\\?\\Volume{0F1E2D3C-0000-0000-0000-000000000001}\\disk.vhdx'",
        *("HostFailed", "refused", "it begins with the sign of a device, as paths of volumes without a letter do"),
    ),
    "a disk whose name is a pattern": (
        "Assert-QsmDiskPath -Path 'D:\\VMs\\web [1]\\disk.vhdx'",
        *("HostFailed", "refused", "the brackets in 'web [1]' make it a pattern for Hyper-V's disk cmdlets"),
    ),
    "a disk whose name has an apostrophe": (
        "Assert-QsmDiskPath -Path \"D:\\it's\\it's.vhdx\"",
        *("HostFailed", "refused", "an apostrophe in its name, as in 'it's.vhdx'"),
    ),
    "a disk whose path is too long": (
        "Assert-QsmDiskPath -Path \"D:\\$('x' * 257)\"",
        *("HostFailed", "refused", "it has 260 signs, and 259 are what Hyper-V's disk cmdlets and BITS take"),
    ),
    "a disk in a folder whose name ends in a dot": (
        "Assert-QsmDiskPath -Path 'D:\\VMs\\web.\\disk.vhdx'",
        *("HostFailed", "refused", "'web.' ends in a blank or dot, which Windows drops"),
    ),
    "a VM that does not come to run": (
        "Wait-QsmVMRunning -VMId $id -LimitSeconds 0",
        *("HostFailed", "failed", "is Starting after so many s. The VM may have run."),
    ),
    "a job that Hyper-V refuses": (
        WAIT_JOB + "@{ ReturnValue = 32773 })",
        *("ImportFailed", "failed", "was refused by Hyper-V on host HV01 with return value 32773"),
    ),
    "a job without a name": (
        WAIT_JOB + "@{ ReturnValue = 4096; Job = '' })",
        *("HostFailed", "refused", "started a job but named none"),
    ),
    "a job that goes on": (
        WAIT_JOB + "@{ ReturnValue = 4096; Job = 'x.InstanceID=\"J\"' })",
        *("ImportFailed", "failed", "has not ended within 0 s and goes on (job state 4)"),
    ),
    "a job that is gone": (
        WAIT_JOB + "@{ ReturnValue = 4096; Job = 'x.InstanceID=\"GONE\"' })",
        *("ImportFailed", "failed", "its job is gone, so nobody knows whether it ended well"),
    ),
    "a job that failed, with the number in its text alone": (
        "function Get-WmiObject { [PSCustomObject]@{ JobState = 10; ErrorCode = [uint16]32768; "
        "ErrorSummaryDescription = 'Export fehlgeschlagen.'; ErrorDescription = 'Kein Platz. (0x80070070)' } }\n"
        + WAIT_JOB
        + "@{ ReturnValue = 4096; Job = 'x.InstanceID=\"J\"' })",
        *("ImportFailed", "failed", "error code 32768): Export fehlgeschlagen. Kein Platz. (0x80070070)"),
    ),
}


BEFORE_WRONG: dict[str, Before] = {
    "an export that changes the VM's disks": lambda world: world.meanwhile(
        "ExportSystemDefinition", lambda: world.show(hard_drives=(world.drive("D:\\other.vhdx"),))
    ),
    "an export without the memory": lambda world: world.hyperv.lay_saved_state(world.vm_id, b"memory"),
    "a start that nobody can look at afterwards": fails("Get-VM", 0x80070005),
    "a scheduler that does not answer": fails("Get-ScheduledTask", 0x80041001),
    "a VM that is gone after it was acted on": lambda world: world.hyperv.remove_vm(world.vm_id),
    "a right that is not there after it was granted": (
        lambda world: world.platform.acl.revoke(world.disk, f"NT VIRTUAL MACHINE\\{world.vm_id}")
    ),
    "a planned VM that stays": lambda world: world.plan_vm("D:\\p"),
    "a planned VM that stays after a failed import": planned_for_good,
    "a VM that does not stand still and shall be moved as it lies": shown(state="Running"),
    "a VM that is not saved": shown(state="Running"),
    "a disk that cannot be read when the VM stands": fails("Get-VHD", 0x80070020),
    "a VM that does not come to run": shown(state="Starting"),
    "a job that goes on": going_on,
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong(world: World, what: str) -> None:
    world.make_vm(state="Off")
    world.make_record()
    script, error_id, category, words = WRONG[what]
    with pytest.raises(ScriptError) as caught, during(BEFORE_WRONG.get(what, no_change)(world)):
        world.run(script)
    assert (caught.value.facts.id, caught.value.facts.category) == (error_id, category), caught.value
    assert words in re.sub(r"after \d+ s\.", "after so many s.", caught.value.facts.message)
