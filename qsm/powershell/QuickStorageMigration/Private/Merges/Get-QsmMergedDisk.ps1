function Get-QsmMergedDisk {
    <#
    .SYNOPSIS
    Returns a base disk after its merge, and proves that it stands alone.

    .DESCRIPTION
    A base that is still differencing is MergeFailed (failed). If children were merged they must be gone.

    .PARAMETER Base
    Full path of the base disk.

    .PARAMETER Child
    Full paths of the differencing disks that were merged.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of DiskFile.

    .EXAMPLE
    Get-QsmMergedDisk -Base 'E:\VMs\disk.vhdx' -Child @()
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Base,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [string[]]$Child
    )

    $disk = Get-QsmDiskFile -Path $Base
    $left = @($Child | Where-Object { Test-Path -LiteralPath $_ })
    if ($null -eq $disk.parent_path -and $disk.type -ne 'Differencing' -and $left.Count -eq 0) { return $disk }
    throw (New-QsmError -Id 'MergeFailed' -Category failed -Subject $Base -Facts @{ path = $Base; left = $left } -Text 'not_merged' -Value @{ base = $Base; type = $disk.type; parent_path = $disk.parent_path; count = $left.Count })
}
