function Get-QsmTreeFile {
    <#
    .SYNOPSIS
    Returns the full paths of all files below a folder, hidden ones too, sorted.

    .DESCRIPTION
    None if the folder does not exist.

    .PARAMETER Folder
    The folder.

    .OUTPUTS
    System.String

    .EXAMPLE
    Get-QsmTreeFile -Folder $folder
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Folder
    )

    if (-not (Test-Path -LiteralPath $Folder)) { return }
    Get-ChildItem -LiteralPath $Folder -Recurse -Force -ErrorAction Stop | Where-Object { -not $_.PSIsContainer } | ForEach-Object { [string]$_.FullName } | Sort-Object
}
