function Get-QsmShareNote {
    <#
    .SYNOPSIS
    Reads what a migration remembers of the shares it has opened on this host.

    .DESCRIPTION
    One note per share: number, name, folder, account, sid, grants (files whose access entry is ours, or will be at once),
    files (those that the account can read by now, whoever granted it).

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    System.Management.Automation.PSCustomObject

    .EXAMPLE
    Get-QsmShareNote -MigrationId $MigrationId
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    $folder = Split-Path -Path (Get-QsmSharePath -MigrationId $MigrationId -Number 0) -Parent
    if (-not (Test-Path -LiteralPath $folder)) { return }
    foreach ($file in @(Get-ChildItem -LiteralPath $folder -Force -ErrorAction Stop | Where-Object { $_.Name -match '\A\d+\.json\z' } | Sort-Object -Property Name)) {
        Read-QsmJson -Path (Join-Path -Path $folder -ChildPath $file.Name)
    }
}
