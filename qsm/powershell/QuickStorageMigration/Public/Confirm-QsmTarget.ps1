function Confirm-QsmTarget {
    <#
    .SYNOPSIS
    Writes that this target owns the VM.

    .DESCRIPTION
    The last act of handing over. Refused unless this target may start the VM with that epoch (EpochStale, NotOwner), the VM
    is here (VMNotFound) and, for a VM that was to be started, its start is on record (NotOwner): done, or begun without a
    known end while the VM runs or is paused. Confirmed already: done.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER Epoch
    The epoch under which it may start.

    .PARAMETER Started
    Whether the VM was to be started; false for one that was off or saved.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of RecordResult.

    .EXAMPLE
    Confirm-QsmTarget -MigrationId $id -VMId $VMId -Epoch 1 -Started $true
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [ValidateRange(1, 2147483647)]
        [int]$Epoch,

        [Parameter(Mandatory = $true)]
        [bool]$Started
    )

    $record = Get-QsmRecord -MigrationId $MigrationId
    if (@('may start', 'target') -notcontains $record.owner) {
        throw (New-QsmOwnerError -Id 'NotOwner' -Record $record -Text 'confirm_not_allowed')
    }
    if ($record.owner -eq 'target') { return [PSCustomObject]@{ record = Set-QsmRecord -MigrationId $MigrationId } }
    if ($record.epoch -ne $Epoch) {
        throw (New-QsmOwnerError -Id 'EpochStale' -Record $record -Text 'confirm_epoch' -Value @{ epoch = $Epoch })
    }
    $vm = Get-QsmVMObject -VMId $VMId -Required
    if ($Started) {
        $starts = @(Get-QsmOutcome -MigrationId $MigrationId -Operation 'start_vm' -State 'started', 'done', 'failed')
        $done = @($starts | Where-Object { $_.state -eq 'done' }).Count -gt 0
        if (-not $done -and ($starts.Count -eq 0 -or @('Running', 'Paused') -notcontains [string]$vm.State)) {
            throw (New-QsmOwnerError -Id 'NotOwner' -Record $record -Text 'confirm_not_started' -Value @{ state = $vm.State })
        }
    }
    if (-not $PSCmdlet.ShouldProcess($record.vm_name, 'Take the VM over')) { return }
    [PSCustomObject]@{ record = Set-QsmRecord -MigrationId $MigrationId -Change @{ owner = 'target' } }
}
