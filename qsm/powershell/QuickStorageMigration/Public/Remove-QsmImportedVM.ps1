function Remove-QsmImportedVM {
    <#
    .SYNOPSIS
    Removes the registration of the imported VM from the target, on the way back.

    .DESCRIPTION
    Only when the owner is none, which going back establishes, and only a VM (planned or real) of the plan's folder that stands
    still: anything else is not ours (NotOwner, refused). None is done. The disks stay; Remove-QsmCopiedFile removes them.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    None

    .EXAMPLE
    Remove-QsmImportedVM -VMId $VMId -MigrationId $MigrationId -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    $record = Get-QsmRecord -MigrationId $MigrationId
    Assert-QsmOwnerNone -Record $record -Act (Get-QsmText -Name 'act_not_removed' -Value @{ vm_id = $VMId })
    $facts = @{ owner = $record.owner; epoch = $record.epoch }
    $folder = [string](Get-QsmProperty -InputObject $record.plan -Name 'target_folder' -Default '')
    $planned = @(Get-QsmPlannedVM -VMId $VMId)
    foreach ($one in $planned) {
        if (@(@($one.folders) + @($one.disk_paths) | Where-Object { Test-QsmPathUnder -Path $_ -Folder $folder }).Count -eq 0) {
            throw (New-QsmError -Id 'NotOwner' -Category refused -Subject "$VMId" -Facts $facts -Text 'planned_not_ours' -Value @{ vm_id = $VMId; folder = $folder; migration = $MigrationId })
        }
    }
    $vm = Get-QsmVMObject -VMId $VMId
    if ($null -ne $vm -and (-not (Test-QsmPathUnder -Path ([string]$vm.ConfigurationLocation) -Folder $folder) -or @('Off', 'Saved') -notcontains [string]$vm.State)) {
        throw (New-QsmError -Id 'NotOwner' -Category refused -Subject "$VMId" -Facts $facts -Text 'imported_not_ours' -Value @{ vm = $vm.Name; state = $vm.State; location = $vm.ConfigurationLocation; folder = $folder; migration = $MigrationId })
    }
    foreach ($one in $planned) { if ($PSCmdlet.ShouldProcess($one.vm_id, 'Remove the planned VM')) { Remove-QsmPlannedVM -PlannedVM $one -Confirm:$false } }
    if ($null -eq $vm -or -not $PSCmdlet.ShouldProcess($vm.Name, 'Remove the VM')) { return }
    Remove-VM -VM $vm -Force -Confirm:$false -ErrorAction Stop
    Assert-QsmVMGone -VMId $VMId
}
