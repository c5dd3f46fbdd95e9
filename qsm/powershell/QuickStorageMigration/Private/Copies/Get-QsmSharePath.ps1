function Get-QsmSharePath {
    <#
    .SYNOPSIS
    Returns the file that remembers a share of a migration and the access it granted.

    .DESCRIPTION
    Written before the first grant: a call that is killed between two grants must not forget which entries are ours.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER Number
    Number of the share.

    .OUTPUTS
    System.String

    .EXAMPLE
    Get-QsmSharePath -MigrationId $MigrationId -Number 1
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [Parameter(Mandatory = $true)]
        [int]$Number
    )

    Join-Path -Path (Get-QsmMigrationFolder -MigrationId $MigrationId) -ChildPath "shares\$Number.json"
}
