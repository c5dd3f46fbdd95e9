function Get-QsmJournalPath {
    <#
    .SYNOPSIS
    Returns the file in which the outcome of an operation on a subject is kept.

    .DESCRIPTION
    Subjects are paths and names of any kind, so the file is named by a hash.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER Operation
    Name of the operation in the table.

    .PARAMETER Subject
    What the operation was called for; any text.

    .OUTPUTS
    System.String

    .EXAMPLE
    Get-QsmJournalPath -MigrationId $MigrationId -Operation 'start_copy' -Subject '1'
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [Parameter(Mandatory = $true)]
        [string]$Operation,

        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$Subject
    )

    $folder = Join-Path -Path (Get-QsmMigrationFolder -MigrationId $MigrationId) -ChildPath 'operations'
    Join-Path -Path $folder -ChildPath "$(Get-QsmSha256 -Text "$Operation/$Subject").json"
}
