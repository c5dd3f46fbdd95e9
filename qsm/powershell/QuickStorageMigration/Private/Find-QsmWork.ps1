function Find-QsmWork {
    <#
    .SYNOPSIS
    Finds all copies and merges that a migration has asked for on this host.

    .DESCRIPTION
    By their request files, which are written before a task starts.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: kind, number.

    .EXAMPLE
    Find-QsmWork -MigrationId $MigrationId
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    foreach ($kind in 'copy', 'merge') {
        $folder = (Get-QsmWorkPath -MigrationId $MigrationId -Kind $kind -Number 0).folder
        if (-not (Test-Path -LiteralPath $folder)) { continue }
        foreach ($file in @(Get-ChildItem -LiteralPath $folder -Force -ErrorAction Stop | Sort-Object -Property Name)) {
            if ($file.Name -match '\A(\d+)\.request\.json\z') { [PSCustomObject]@{ kind = $kind; number = [int]$Matches[1] } }
        }
    }
}
