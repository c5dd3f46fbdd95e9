function Import-QsmVM {
    <#
    .SYNOPSIS
    Registers the copied VM on the target: compared, repaired, compared again and imported in one call.

    .DESCRIPTION
    The report of Compare-VM lives in one process only, and an unfinished planned VM blocks the next attempt: so all is done
    here, and a planned VM is removed again when anything goes wrong. One whose files lie under the folder is the rest of a
    killed attempt. Disks are pointed at the copies by slot, whether or not the report complains of them, since a file of the
    same name may lie at the old path here; adapters are connected as chosen, and the addresses that were chosen are made static. NotOwner (refused) once the VM may be the
    target's own. Findings left after the repair: ImportIncompatible (refused). Proof: state, disks, switches, addresses, VLANs, and that each disk lets the VM in.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER Configuration
    Full path of the copied configuration, below the folder.

    .PARAMETER Folder
    Folder of the VM on this host.

    .PARAMETER Disks
    Slot and path of each disk, and the file that it was at the source (was).

    .PARAMETER Switches
    Id of an adapter and the switch to connect it to, or null to disconnect it.

    .PARAMETER Pinned
    Id of an adapter and its MAC address, which is made static.

    .PARAMETER ExpectedState
    Saved or Off.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of ImportVMResult.

    .EXAMPLE
    Import-QsmVM -VMId $VMId -Configuration $vmcx -Folder 'E:\VMs\web01' -Disks $disks -Switches $switches -Pinned @() -ExpectedState Saved -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Configuration,

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Folder,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [object[]]$Disks,

        [AllowEmptyCollection()]
        [object[]]$Switches = @(),

        [AllowEmptyCollection()]
        [object[]]$Pinned = @(),

        [Parameter(Mandatory = $true)]
        [ValidateSet('Saved', 'Off')]
        [string]$ExpectedState,

        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    Assert-QsmOwnerNone -Record (Get-QsmRecord -MigrationId $MigrationId) -Act (Get-QsmText -Name 'act_not_imported' -Value @{ vm_id = $VMId })
    Assert-QsmImportFree -VMId $VMId -Folder $Folder
    if (-not $PSCmdlet.ShouldProcess($Configuration, 'Import the VM')) { return }
    $planned = $null
    try {
        Get-QsmPlannedVM -VMId $VMId | ForEach-Object { Remove-QsmPlannedVM -PlannedVM $_ -Confirm:$false }
        $report = Compare-VM -Path $Configuration -Register -Confirm:$false -ErrorAction Stop
        $planned = $report.VM
        $vlans = @(Get-QsmPlannedVlan -VM $planned)
        Assert-QsmDriveFile -VMId $VMId -Report $report -Disk $Disks
        $repaired = @(Repair-QsmPlannedVM -Report $report -Disk $Disks -SwitchChoice $Switches -Pinned $Pinned -Confirm:$false)
        $report = Compare-VM -CompatibilityReport $report -Confirm:$false -ErrorAction Stop
        Assert-QsmCompatible -VMId $VMId -Report $report -Disk $Disks
        [void](Import-VM -CompatibilityReport $report -Confirm:$false -ErrorAction Stop)
        $planned = $null
        $repaired += @(Repair-QsmVlan -VMId $VMId -Vlan $vlans -Confirm:$false)
        $repaired += @(Grant-QsmDiskAccess -VMId $VMId -Disk $Disks -Confirm:$false)
        $vm = Assert-QsmImportedVM -VMId $VMId -State $ExpectedState -Disk $Disks -SwitchChoice $Switches -Pinned $Pinned
    } catch {
        throw (Undo-QsmImport -VMId $VMId -Cause $_ -Imported:($null -eq $planned) -Confirm:$false)
    }
    [PSCustomObject][ordered]@{ vm = $vm; repaired = $repaired }
}
