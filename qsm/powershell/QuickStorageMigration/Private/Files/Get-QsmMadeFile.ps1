function Get-QsmMadeFile {
    <#
    .SYNOPSIS
    Returns the files that copies of a migration have put in place on this host, and no others.

    .DESCRIPTION
    From the notes that the SYSTEM tasks keep (Add-QsmMadeFile), which outlive every run of a copy. A destination that was
    only asked for is not among them: what lies there may be somebody else's.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    System.String

    .EXAMPLE
    Get-QsmMadeFile -MigrationId $MigrationId
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    $folder = (Get-QsmWorkPath -MigrationId $MigrationId -Kind copy -Number 0).folder
    if (-not (Test-Path -LiteralPath $folder)) { return }
    foreach ($file in @(Get-ChildItem -LiteralPath $folder -Force -ErrorAction Stop | Where-Object { $_.Name -match '\A\d+\.made\.json\z' })) {
        (Read-QsmJson -Path (Join-Path -Path $folder -ChildPath $file.Name)).files
    }
}
