function Find-QsmMigration {
    <#
    .SYNOPSIS
    Reports the migrations that this host knows, with their journals, and locks that belong to none of them.

    .DESCRIPTION
    The way back and the way on start here, in a process that knows nothing else. A lock whose migration has no record on
    this host was left by a run that was killed between the two.

    .PARAMETER MigrationId
    Only this migration; empty for all.

    .PARAMETER VM
    Only migrations and locks of the VM with this id or name; empty for all.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of FindMigrationResult.

    .EXAMPLE
    Find-QsmMigration -VM 'web01'
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [AllowEmptyString()]
        [string]$MigrationId = '',

        [AllowEmptyString()]
        [string]$VM = ''
    )

    $wanted = $VM.Trim('{', '}')
    $migrations = @()
    $known = @()
    foreach ($id in @(Get-QsmMigrationId)) {
        $record = Get-QsmRecord -MigrationId $id -AllowMissing
        if ($null -eq $record) { continue }
        $known += $id
        if ($MigrationId -ne '' -and $MigrationId -ne $id) { continue }
        if ($VM -ne '' -and $wanted -ne $record.vm_id -and -not (Test-QsmSameText -Text $VM -Other $record.vm_name)) { continue }
        $lock = Get-QsmLockFact -VMId $record.vm_id
        $migrations += [PSCustomObject][ordered]@{
            record   = $record
            outcomes = @(Get-QsmOutcome -MigrationId $id)
            locked   = $null -ne $lock -and $lock.migration_id -eq $id
        }
    }
    $locks = @(Get-QsmLockFact | Where-Object {
            $known -notcontains $_.migration_id -and
            ($MigrationId -eq '' -or $MigrationId -eq $_.migration_id) -and
            ($VM -eq '' -or $wanted -eq $_.vm_id -or (Test-QsmSameText -Text $VM -Other $_.vm_name))
        })
    [PSCustomObject][ordered]@{ migrations = $migrations; locks = $locks }
}
