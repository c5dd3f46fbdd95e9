function Find-QsmWork {
    <#
    .SYNOPSIS
    Finds all copies and merges that a migration has asked for on this host.

    .DESCRIPTION
    By their request files, which are written before a task starts.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: kind, number, name (of its task), ended.

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
            if ($file.Name -notmatch '\A(\d+)\.request\.json\z') { continue }
            $number = [int]$Matches[1]
            [PSCustomObject]@{
                kind   = $kind
                number = $number
                name   = Get-QsmWorkName -MigrationId $MigrationId -Kind $kind -Number $number
                ended  = Test-QsmWorkEnded -State (Read-QsmJson -Path (Get-QsmWorkPath -MigrationId $MigrationId -Kind $kind -Number $number).state)
            }
        }
    }
}
