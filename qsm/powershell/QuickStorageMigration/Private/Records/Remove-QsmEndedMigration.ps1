function Remove-QsmEndedMigration {
    <#
    .SYNOPSIS
    Removes the folder of a migration that has ended; else reports why not.

    .DESCRIPTION
    Ended means home or forward, and no lock of it left. The caller holds the lock of the migration.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    System.String: why it was kept; nothing if it was removed.

    .EXAMPLE
    $why = Remove-QsmEndedMigration -MigrationId $id
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    $record = Get-QsmRecord -MigrationId $MigrationId -AllowMissing
    if ($null -eq $record) { return Get-QsmText -Name 'kept_no_record' }
    if (@('home', 'forward') -notcontains $record.end) { return Get-QsmText -Name 'kept_not_ended' -Value @{ step = $(if ($record.end -ne '') { $record.end } else { $record.step }) } }
    $lock = Get-QsmLockFact -VMId $record.vm_id
    if ($null -ne $lock -and $lock.migration_id -eq $MigrationId) { return Get-QsmText -Name 'kept_locks' -Value @{ vm = $record.vm_name } }
    Remove-QsmFolder -Path (Get-QsmMigrationFolder -MigrationId $MigrationId)
}
