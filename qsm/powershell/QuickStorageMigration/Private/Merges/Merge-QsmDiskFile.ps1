function Merge-QsmDiskFile {
    <#
    .SYNOPSIS
    Merges the leaf of a copied chain into its base, and removes the children that are left over.

    .DESCRIPTION
    Merge-VHD folds everything between leaf and destination. Whether it deletes the children differs, and what it leaves is
    invalid; so each is removed by its path, nothing else is. Without children there is nothing to do.

    .PARAMETER Base
    Full path of the base disk.

    .PARAMETER Child
    Full paths of the differencing disks, from the base upwards.

    .OUTPUTS
    None

    .EXAMPLE
    Merge-QsmDiskFile -Base 'E:\VMs\disk.vhdx' -Child 'E:\VMs\disk_0F1E.avhdx' -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Base,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [string[]]$Child
    )

    if ($Child.Count -eq 0 -or -not $PSCmdlet.ShouldProcess($Base, "Merge '$($Child[-1])'")) { return }
    Merge-VHD -Path $Child[-1] -DestinationPath $Base -Force -Confirm:$false -ErrorAction Stop
    foreach ($path in $Child) {
        if (Test-Path -LiteralPath $path) { Remove-Item -LiteralPath $path -Force -Confirm:$false -ErrorAction Stop }
    }
}
