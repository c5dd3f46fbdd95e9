function Add-QsmMadeFile {
    <#
    .SYNOPSIS
    Notes that a copy puts a file in place now, right before it does.

    .DESCRIPTION
    Only what is noted is ours: it may be copied again and is removed on the way back. A file that lies there already and is
    not noted appeared while we copied and belongs to somebody else: CopyFailed, and it is left alone.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER Number
    Number of the copy.

    .PARAMETER Path
    The destination.

    .OUTPUTS
    None

    .EXAMPLE
    Add-QsmMadeFile -MigrationId $MigrationId -Number 1 -Path $file.destination
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [Parameter(Mandatory = $true)]
        [int]$Number,

        [Parameter(Mandatory = $true)]
        [string]$Path
    )

    if (-not (Test-QsmSameText -Text $Path -Other @(Get-QsmMadeFile -MigrationId $MigrationId)) -and (Test-Path -LiteralPath $Path)) {
        throw (New-QsmError -Id 'CopyFailed' -Category failed -Subject $Path -Facts @{ path = $Path } -Text 'copy_appeared' -Value @{ path = $Path; migration = $MigrationId })
    }
    $note = (Get-QsmWorkPath -MigrationId $MigrationId -Kind copy -Number $Number).made
    $old = Read-QsmJson -Path $note
    $files = @(if ($null -ne $old) { $old.files })
    if (-not (Test-QsmSameText -Text $Path -Other $files)) { Write-QsmJson -Path $note -Value ([PSCustomObject]@{ files = @($files) + $Path }) }
}
