function Set-QsmDiskParent {
    <#
    .SYNOPSIS
    Points each child of a copied chain at the file below it, from the base up, and tests the chain.

    .DESCRIPTION
    Set-VHD -ParentPath for chains not in use, Test-VHD on the leaf. What either refuses is DiskChainBroken (failed). Without
    children the base alone is tested.

    .PARAMETER Base
    Full path of the base disk.

    .PARAMETER Child
    Full paths of the differencing disks, from the base upwards.

    .OUTPUTS
    None

    .EXAMPLE
    Set-QsmDiskParent -Base 'E:\VMs\disk.vhdx' -Child 'E:\VMs\disk_0F1E.avhdx' -Confirm:$false
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

    $leaf = $Base
    try {
        foreach ($path in $Child) {
            if (-not $PSCmdlet.ShouldProcess($path, "Set the parent to '$leaf'")) { continue }
            Set-VHD -Path $path -ParentPath $leaf -Confirm:$false -ErrorAction Stop
            $leaf = $path
        }
        # A chain that does not hold is an error and then False: Stop ends the cmdlet at the error.
        $whole = Test-VHD -Path $leaf -ErrorAction Stop
    } catch {
        throw (ConvertTo-QsmFailure -Cause $_ -Id 'DiskChainBroken' -Subject $Base -Facts @{ path = $leaf } -Text 'chain_does_not_hold' -Value @{ base = $Base; leaf = $leaf })
    }
    if ($whole -eq $false) {
        throw (New-QsmError -Id 'DiskChainBroken' -Category failed -Subject $Base -Facts @{ path = $leaf } -Text 'chain_fails_test' -Value @{ base = $Base; leaf = $leaf })
    }
}
