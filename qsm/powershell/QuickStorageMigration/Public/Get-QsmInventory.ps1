function Get-QsmInventory {
    <#
    .SYNOPSIS
    Reports everything that must be as before when a migration leaves this host clean.

    .DESCRIPTION
    VMs, planned VMs, checkpoints, shares, our scheduled tasks and BITS jobs, migrations, locks and modules of ours, and all
    files below some folders with their explicit access entries. Everything is sorted, so that two inventories can be
    compared. A question that fails makes the whole call fail: half an inventory proves nothing. A VM that cannot be read is
    listed with the state Unreadable.

    .PARAMETER Folders
    Folders whose files are reported, hidden ones too. A folder that does not exist has none.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of InventoryResult.

    .EXAMPLE
    Get-QsmInventory -Folders 'D:\VMs'
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [AllowEmptyCollection()]
        [string[]]$Folders = @()
    )

    $list = Get-QsmVMList
    $vms = @($list.vms | ForEach-Object { Add-QsmVMState -VM $_ })
    $checkpoints = @(foreach ($vm in $vms) { Get-QsmCheckpointFact -VM $vm | ForEach-Object { "$($vm.Id.ToString().ToLowerInvariant()) $($_.name)" } })
    $shares = @(Get-SmbShare -ErrorAction Stop | ForEach-Object { [string]$_.Name } | Where-Object { $_ -notmatch '\A([A-Za-z]\$|ADMIN\$|IPC\$)\z' })
    $jobs = @(Get-BitsTransfer -AllUsers -ErrorAction Stop | ForEach-Object { [string]$_.DisplayName } | Where-Object { $_ -like 'qsm-*' })
    $root = Get-QsmRoot
    [PSCustomObject][ordered]@{
        vms         = @(@($vms | ForEach-Object { "$($_.Id.ToString().ToLowerInvariant()) $($_.Name) $($_.State)" }) + @($list.unreadable | ForEach-Object { "$($_.vm_id) $($_.name) Unreadable" }) | Sort-Object)
        planned_vms = @(Get-QsmPlannedVM | ForEach-Object { "$($_.vm_id) $($_.name) Off" } | Sort-Object)
        checkpoints = @($checkpoints | Sort-Object)
        shares      = @($shares | Sort-Object)
        tasks       = @(Get-QsmTask | ForEach-Object { [string]$_.TaskName } | Sort-Object)
        jobs        = @($jobs | Sort-Object)
        files       = @($Folders | ForEach-Object { Get-QsmFileEntry -Folder $_ } | Sort-Object -Property path)
        migrations  = @(Get-QsmSubfolder -Path (Join-Path -Path $root -ChildPath 'migrations'))
        locks       = @(Get-QsmLockFact)
        modules     = @(Get-QsmSubfolder -Path (Join-Path -Path $root -ChildPath 'modules'))
    }
}
