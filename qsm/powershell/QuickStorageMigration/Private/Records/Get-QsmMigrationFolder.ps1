function Get-QsmMigrationFolder {
    <#
    .SYNOPSIS
    Returns the folder of one migration on this host.

    .DESCRIPTION
    The folder need not exist. An id of another form is refused with InvalidArgument, since the id becomes part of paths
    and names.

    .PARAMETER MigrationId
    Id of the migration, like 20300131T235959-0123abcd.

    .OUTPUTS
    System.String

    .EXAMPLE
    Get-QsmMigrationFolder -MigrationId '20300131T235959-0123abcd'
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$MigrationId
    )

    if ($MigrationId -cnotmatch '\A[0-9]{8}T[0-9]{6}-[0-9a-f]{8}\z') {
        throw (New-QsmError -Id 'InvalidArgument' -Category 'refused' -Text 'no_migration_id' -Value @{ migration = $MigrationId })
    }
    Join-Path -Path (Get-QsmRoot) -ChildPath "migrations\$MigrationId"
}
