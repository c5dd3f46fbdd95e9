# Hyper-V and WMI as far as handing over asks, from a file that the test writes: vms.json.

$EnabledStates = @{ Running = 2; Off = 3; Saved = 6; Paused = 9; Starting = 10; Saving = 32773; Broken = 3 }

function Get-Known {
    $path = Join-Path -Path $env:QSM_STANDIN_STATE -ChildPath 'vms.json'
    $known = ConvertFrom-Json -InputObject (Get-Content -LiteralPath $path -Raw)
    @($known)
}

function Get-VM {
    [CmdletBinding()]
    param([guid]$Id)
    foreach ($vm in @(Get-Known)) {
        if ([guid]$vm.Id -ne $Id) { continue }
        if ($vm.State -eq 'Broken') { Write-Error -Message 'The operation failed.' -ErrorId 'OperationFailed'; return }
        return [PSCustomObject]@{
            Id = [guid]$vm.Id; Name = $vm.Name; State = $vm.State; Generation = 2; Version = '8.0'; Path = $vm.Folder
            ConfigurationLocation = $vm.Folder; SnapshotFileLocation = $vm.Folder; SmartPagingFilePath = $vm.Folder
            OperationalStatus = @('Ok'); Uptime = [TimeSpan]::Zero; MemoryAssigned = 0; MemoryStartup = 1MB; MemoryMaximum = 1MB
            DynamicMemoryEnabled = $false; ProcessorCount = 1; AutomaticStartAction = 'Nothing'; AutomaticStopAction = 'Save'
            CheckpointType = 'Production'; IsClustered = $false; ReplicationMode = 'None'; Notes = ''; Disks = @($vm.Disks)
        }
    }
    Write-Error -Message "Hyper-V was unable to find a virtual machine with id $Id." -ErrorId 'InvalidParameter' -Category InvalidArgument
}

function Get-VMHardDiskDrive {
    [CmdletBinding()]
    param([object]$VM)
    $place = 0
    foreach ($path in $VM.Disks) {
        [PSCustomObject]@{ Id = "Microsoft:$($VM.Id)\C\0\$place\D"; Path = $path; ControllerType = 'SCSI'; ControllerNumber = 0; ControllerLocation = $place++; DiskNumber = $null; SupportPersistentReservations = $false }
    }
}

function Get-VHD {
    [CmdletBinding()]
    param([string]$Path)
    if ((Get-Item -LiteralPath $Path).Length -lt 512) { Write-Error -Message "'$Path' is corrupted." -ErrorId 'OperationFailed'; return }
    [PSCustomObject]@{ VhdFormat = 'VHD'; VhdType = 'Fixed'; Size = 1MB; ParentPath = ''; DiskIdentifier = 'AB' }
}

function Get-WmiObject {
    [CmdletBinding()]
    param([string]$Namespace, [string]$Class, [string]$Filter, [string]$Query)
    if ($Class -eq 'Msvm_ComputerSystem') {
        if ($Filter -eq '') { [PSCustomObject]@{ Name = $env:COMPUTERNAME; ElementName = $env:COMPUTERNAME } }
        return @(Get-Known) | Where-Object { $Filter -eq '' -or $Filter -eq "Name='$($_.Id.ToUpperInvariant())'" } | ForEach-Object { [PSCustomObject]@{ Name = $_.Id.ToUpperInvariant(); ElementName = $_.Name; EnabledState = $EnabledStates[$_.State -replace 'Critical', '']; HealthState = $(if ($_.State -like '*Critical') { 25 } else { 5 }); OperationalStatus = @(2) } }
    }
    if ($Query -match 'InstanceID="Microsoft:([^"]+)"') {
        $place = 0
        foreach ($path in @(@(Get-Known) | Where-Object { $_.Id -eq $Matches[1] } | ForEach-Object { $_.Disks })) {
            [PSCustomObject]@{ InstanceID = "Microsoft:$($Matches[1].ToLowerInvariant())\C\0\$place\L"; ResourceSubType = 'Microsoft:Hyper-V:Virtual Hard Disk'; HostResource = @($path) }
            $place++
        }
        return
    }
    if ($Class -eq 'Win32_Volume') { [PSCustomObject]@{ Name = 'D:\'; DeviceID = 'D'; Capacity = 1TB; FreeSpace = 1TB; FileSystem = 'NTFS'; DriveType = 3 } }
}

Export-ModuleMember -Function Get-VM, Get-VMHardDiskDrive, Get-VHD, Get-WmiObject
