function Grant-QsmStart {
    <#
    .SYNOPSIS
    Allows this target to start the VM, once, under the next epoch.

    .DESCRIPTION
    The second act of handing over, after the source wrote that it gave the VM away. The epoch must be the record's plus one:
    a withdrawal in between has raised it, and a late call is refused (EpochStale). So it is without an imported VM.
    Allowed with this epoch already: done.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER Epoch
    The next epoch.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of RecordResult.

    .EXAMPLE
    Grant-QsmStart -MigrationId $id -Epoch 1
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [Parameter(Mandatory = $true)]
        [ValidateRange(1, 2147483647)]
        [int]$Epoch
    )

    $record = Get-QsmRecord -MigrationId $MigrationId
    if ($record.owner -eq 'may start' -and $record.epoch -eq $Epoch) { return [PSCustomObject]@{ record = Set-QsmRecord -MigrationId $MigrationId } }
    if ($record.owner -ne 'none' -or $Epoch -ne $record.epoch + 1) {
        throw (New-QsmOwnerError -Id 'EpochStale' -Record $record -Text 'start_epoch_not_allowed' -Value @{ epoch = $Epoch })
    }
    if (@(Get-QsmOutcome -MigrationId $MigrationId -Operation 'import_vm' -State 'done').Count -eq 0) {
        throw (New-QsmOwnerError -Id 'EpochStale' -Record $record -Text 'start_without_import')
    }
    if (-not $PSCmdlet.ShouldProcess($record.vm_name, "Allow to start the VM with epoch $Epoch")) { return }
    [PSCustomObject]@{ record = Set-QsmRecord -MigrationId $MigrationId -Change @{ owner = 'may start'; epoch = $Epoch } }
}
