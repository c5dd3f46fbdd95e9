function Remove-QsmSourceVM {
    <#
    .SYNOPSIS
    Removes the registration of the VM from the source, after it has moved for good.

    .DESCRIPTION
    Only when the source has handed over and the target owns the VM, and only a VM that stands still (NotOwner otherwise,
    refused). None is done. Remove-VM keeps the disks and merges a checkpoint into them afterwards: Get-QsmSourceRemoval reports that.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER TargetRecord
    The record of the target, as the target reported it.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    None

    .EXAMPLE
    Remove-QsmSourceVM -VMId $VMId -TargetRecord $target -MigrationId $MigrationId -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [object]$TargetRecord,

        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    Assert-QsmTargetOwns -MigrationId $MigrationId -TargetRecord $TargetRecord -Act (Get-QsmText -Name 'act_source_not_removed')
    $record = Get-QsmRecord -MigrationId $MigrationId
    $vm = Get-QsmVMObject -VMId $VMId
    if ($null -eq $vm) { return }
    if (@('Off', 'Saved') -notcontains [string]$vm.State) {
        throw (New-QsmError -Id 'NotOwner' -Category refused -Subject "$VMId" -Facts @{ owner = 'handed over'; epoch = $record.epoch; state = [string]$vm.State } -Text 'source_runs' -Value @{ vm = $vm.Name; state = $vm.State })
    }
    if (-not $PSCmdlet.ShouldProcess($vm.Name, 'Remove the VM')) { return }
    Remove-VM -VM $vm -Force -Confirm:$false -ErrorAction Stop
}
