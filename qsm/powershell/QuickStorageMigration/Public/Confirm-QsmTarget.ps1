function Confirm-QsmTarget {
    <#
    .SYNOPSIS
    Writes that this target owns the VM.

    .DESCRIPTION
    The last act of handing over. Refused unless this target may start the VM with that epoch (EpochStale, NotOwner), the VM
    is here (VMNotFound) and, for a VM that was to be started, its start is on record (NotOwner): done, or begun and not
    refused, since a VM whose start nobody can deny belongs here. Confirmed already with that epoch: done.

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
    Assert-QsmVMOfRecord -Record $record -VMId $VMId
    if (@('may start', 'target') -notcontains $record.owner) {
        throw (New-QsmOwnerError -Id 'NotOwner' -Record $record -Message 'The target did not take the VM over: it may not start it.')
    }
    if ($record.epoch -ne $Epoch) {
        throw (New-QsmOwnerError -Id 'EpochStale' -Record $record -Message "The target did not take the VM over with epoch $Epoch.")
    }
    if ($record.owner -eq 'target') { return [PSCustomObject]@{ record = $record } }
    [void](Get-QsmVMObject -VMId $VMId -Required)
    if ($Started -and @(Get-QsmOutcome -MigrationId $MigrationId -Operation 'start_vm' -State 'started', 'done', 'failed').Count -eq 0) {
        throw (New-QsmOwnerError -Id 'NotOwner' -Record $record -Message 'The target did not take the VM over: its start is not on record.')
    }
    if (-not $PSCmdlet.ShouldProcess($record.vm_name, 'Take the VM over')) { return }
    [PSCustomObject]@{ record = Set-QsmRecord -MigrationId $MigrationId -Change @{ owner = 'target' } }
}
