function Test-QsmPathUnder {
    <#
    .SYNOPSIS
    Returns whether a path is a folder or lies below it.

    .DESCRIPTION
    Compares whole names without regard to case: D:\VMs10 does not lie below D:\VMs1. A path with . or .. or slashes lies
    nowhere, since it says something else than it looks like.

    .PARAMETER Path
    The path.

    .PARAMETER Folder
    The folder.

    .OUTPUTS
    System.Boolean

    .EXAMPLE
    Test-QsmPathUnder -Path 'D:\VMs\web\disk.vhdx' -Folder 'D:\VMs'
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$Path,

        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$Folder
    )

    if ($Path -eq '' -or $Folder -eq '' -or "$Path\" -match '[\\/]\.{1,2}[\\/]|/') { return $false }
    ($Path.TrimEnd('\') + '\').StartsWith($Folder.TrimEnd('\') + '\', [StringComparison]::OrdinalIgnoreCase)
}
