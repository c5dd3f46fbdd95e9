function Get-QsmRecord {
    <#
    .SYNOPSIS
    Reads the record of a migration on this host.

    .DESCRIPTION
    The record decides who may run the VM. Without one: RecordMissing (refused), or null with -AllowMissing.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER AllowMissing
    Return null instead of throwing where there is no record.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of Record.

    .EXAMPLE
    $record = Get-QsmRecord -MigrationId $MigrationId
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [switch]$AllowMissing
    )

    $path = Join-Path -Path (Get-QsmMigrationFolder -MigrationId $MigrationId) -ChildPath 'record.json'
    $record = Read-QsmJson -Path $path
    if ($null -eq $record -and -not $AllowMissing) {
        throw (New-QsmError -Id 'RecordMissing' -Category 'refused' -Subject $MigrationId -Text 'record_missing' -Value @{ migration = $MigrationId })
    }
    $record
}
