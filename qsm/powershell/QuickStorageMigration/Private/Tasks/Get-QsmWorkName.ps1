function Get-QsmWorkName {
    <#
    .SYNOPSIS
    Returns the name of the scheduled task that does a piece of long work.

    .DESCRIPTION
    Everything that is made on a host carries the id of its migration. BITS jobs carry the name of their task and the index
    of the file.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER Kind
    copy or merge.

    .PARAMETER Number
    Number of the work.

    .OUTPUTS
    System.String

    .EXAMPLE
    Get-QsmWorkName -MigrationId $MigrationId -Kind copy -Number 1
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [Parameter(Mandatory = $true)]
        [ValidateSet('copy', 'merge')]
        [string]$Kind,

        [Parameter(Mandatory = $true)]
        [int]$Number
    )

    "qsm-$MigrationId-$Kind-$Number"
}
