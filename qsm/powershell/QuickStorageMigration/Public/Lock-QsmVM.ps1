function Lock-QsmVM {
    <#
    .SYNOPSIS
    Takes a VM for a migration on this host, so that no other one works on it.

    .DESCRIPTION
    A file per VM that only one can create. A lock that this migration has already is kept. Taken by another one:
    AlreadyMigrating (refused), with the facts of that lock.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER VMName
    Name of the VM.

    .PARAMETER By
    Who takes it, from where.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of LockResult.

    .EXAMPLE
    Lock-QsmVM -MigrationId $id -VMId $VMId -VMName 'web01' -By 'ann@tool01'
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$VMName,

        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$By
    )

    $path = Get-QsmLockPath -VMId $VMId.ToString()
    $lock = [PSCustomObject][ordered]@{
        migration_id = $MigrationId
        vm_id        = $VMId.ToString('D')
        vm_name      = $VMName
        by           = $By
        since_utc    = Get-QsmUtcNow
    }
    if (-not $PSCmdlet.ShouldProcess($path, 'Lock the VM')) { return }
    $folder = Split-Path -Path $path -Parent
    if (-not (Test-Path -LiteralPath $folder)) { [void](New-Item -ItemType Directory -Path $folder -Force) }
    try {
        Write-QsmJson -Path $path -Value $lock -New
    } catch {
        if ($_.FullyQualifiedErrorId -notlike 'FileInTheWay*') { throw }
        $held = Read-QsmJson -Path $path
        if ($null -eq $held) { throw (New-QsmError -Id 'Busy' -Category 'refused' -Retryable -Text 'lock_just_released' -Value @{ vm = $VMName }) }
        if ($held.migration_id -ne $MigrationId) {
            $facts = [ordered]@{}
            foreach ($field in $held.PSObject.Properties) { $facts[$field.Name] = $field.Value }
            throw (New-QsmError -Id 'AlreadyMigrating' -Category 'refused' -Subject $held.vm_id -Facts $facts -Text 'already_migrating' -Value @{ vm = $VMName; migration = $held.migration_id; by = $held.by; since_utc = $held.since_utc })
        }
        $lock = $held
    }
    [PSCustomObject]@{ lock = $lock }
}
