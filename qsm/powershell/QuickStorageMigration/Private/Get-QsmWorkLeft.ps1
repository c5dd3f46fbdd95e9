function Get-QsmWorkLeft {
    <#
    .SYNOPSIS
    Tells the names of all scheduled tasks and BITS jobs of a migration that are on this host now.

    .DESCRIPTION
    Jobs of all users: those of SYSTEM are shown to administrators, but only SYSTEM may end them.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    System.String

    .EXAMPLE
    Get-QsmWorkLeft -MigrationId $MigrationId
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    Get-QsmTask | ForEach-Object { [string]$_.TaskName } | Where-Object { $_ -like "qsm-$MigrationId-*" }
    @(Get-BitsTransfer -AllUsers -ErrorAction Stop) | Where-Object { $null -ne $_ } | ForEach-Object { [string]$_.DisplayName } | Where-Object { $_ -like "qsm-$MigrationId-*" }
}
