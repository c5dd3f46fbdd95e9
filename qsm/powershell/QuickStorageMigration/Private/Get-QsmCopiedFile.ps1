function Get-QsmCopiedFile {
    <#
    .SYNOPSIS
    Tells the destinations that the copies of a migration were asked to write on this host.

    .DESCRIPTION
    From the journal, so that it survives the removal of the copies' own files. With -Written only those that lie there because
    of a copy: Verified by its task, or of a copy that is done.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER Written
    Only files that a copy has put in place.

    .OUTPUTS
    System.String

    .EXAMPLE
    Get-QsmCopiedFile -MigrationId $MigrationId
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [switch]$Written
    )

    foreach ($outcome in @(Get-QsmOutcome -MigrationId $MigrationId -Operation 'start_copy' -State 'started', 'done', 'failed')) {
        if (-not $Written) {
            $outcome.arguments.files | ForEach-Object { $_.destination }
            continue
        }
        $state = Read-QsmJson -Path (Get-QsmWorkPath -MigrationId $MigrationId -Kind copy -Number $outcome.arguments.number).state
        if ($null -eq $state) { continue }
        $state.files | Where-Object { @('Acknowledged', 'Verified') -contains $_.job_state } | ForEach-Object { $_.destination }
    }
}
