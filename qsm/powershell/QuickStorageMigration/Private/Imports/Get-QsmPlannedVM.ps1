function Get-QsmPlannedVM {
    <#
    .SYNOPSIS
    Finds planned VMs: imported by a Compare-VM, and neither realized nor removed.

    .DESCRIPTION
    Get-VM does not list them. They keep their files open, so they count as VMs. What is known of them comes from
    "Msvm_PlannedComputerSystem class" and its settings. That there are none is told only by a host that tells its VMs at all.

    .PARAMETER VMId
    Only the one with this id.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: vm_id, name, folders (those of its configuration), disk_paths,
    settings and system (the WMI objects).

    .EXAMPLE
    Get-QsmPlannedVM -VMId $VMId
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Nullable[guid]]$VMId = $null
    )

    $space = 'root\virtualization\v2'
    $filter = if ($null -eq $VMId) { '' } else { "Name='$($VMId.ToString().ToUpperInvariant())'" }
    $systems = @(Invoke-QsmWmi -Namespace $space -Class 'Msvm_PlannedComputerSystem' -Filter $filter | Where-Object { $null -ne $_ })
    if ($systems.Count -eq 0) { [void]@(Get-QsmRegisteredVM) }
    foreach ($system in $systems) {
        $id = ([guid]$system.Name).ToString()
        # VirtualSystemIdentifier and the InstanceID of each setting carry the id of the VM.
        $settings = @(Invoke-QsmWmi -Namespace $space -Class 'Msvm_VirtualSystemSettingData' -Filter "VirtualSystemIdentifier='$($id.ToUpperInvariant())'") |
            Where-Object { $null -ne $_ -and (Get-QsmProperty -InputObject $_ -Name 'VirtualSystemType' -Default '') -eq 'Microsoft:Hyper-V:System:Planned' } |
            Select-Object -First 1
        $disks = @(Invoke-QsmWmi -Namespace $space -Class 'Msvm_StorageAllocationSettingData' -Filter "ResourceSubType='Microsoft:Hyper-V:Virtual Hard Disk'") |
            Where-Object { $null -ne $_ -and $_.InstanceID -like "*$id*" }
        $folders = foreach ($name in 'ConfigurationDataRoot', 'SnapshotDataRoot', 'SuspendDataRoot') {
            Get-QsmProperty -InputObject $settings -Name $name
        }
        [PSCustomObject][ordered]@{
            vm_id      = $id
            name       = [string]$system.ElementName
            folders    = @($folders | Where-Object { $_ } | Select-Object -Unique)
            disk_paths = @($disks | ForEach-Object { $_.HostResource } | Where-Object { $_ })
            settings   = $settings
            system     = $system
        }
    }
}
