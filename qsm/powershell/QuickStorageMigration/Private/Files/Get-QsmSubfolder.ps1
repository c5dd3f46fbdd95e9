function Get-QsmSubfolder {
    <#
    .SYNOPSIS
    Returns the names of the folders in a folder, sorted; none if it does not exist.

    .PARAMETER Path
    The folder.

    .DESCRIPTION
    Hidden folders count.

    .OUTPUTS
    System.String

    .EXAMPLE
    Get-QsmSubfolder -Path (Join-Path -Path (Get-QsmRoot) -ChildPath 'modules')
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path
    )

    if (-not (Test-Path -LiteralPath $Path)) { return }
    Get-ChildItem -LiteralPath $Path -Force -ErrorAction Stop | Where-Object { $_.PSIsContainer } | ForEach-Object { $_.Name } | Sort-Object
}
