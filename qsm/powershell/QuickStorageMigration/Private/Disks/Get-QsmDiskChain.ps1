function Get-QsmDiskChain {
    <#
    .SYNOPSIS
    Walks a disk from its leaf to its base.

    .DESCRIPTION
    A chain that does not end, or comes back to a file it has passed, is an error. Fifty checkpoints are the most that
    Hyper-V makes; 64 files leave room.

    .PARAMETER Path
    Full path of the leaf.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of DiskFile, leaf first.

    .EXAMPLE
    Get-QsmDiskChain -Path 'D:\VMs\disk_0F1E.avhdx'
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path
    )

    $passed = @()
    $next = $Path
    while ($next) {
        if ((Test-QsmSameText -Text $next -Other $passed) -or $passed.Count -ge 64) {
            throw (New-QsmError -Id 'HostFailed' -Category refused -Subject $Path -Facts @{ path = $next } -Text 'chain_without_end' -Value @{ path = $Path; next = $next })
        }
        $passed += $next
        $file = Get-QsmDiskFile -Path $next
        $file
        $next = $file.parent_path
    }
}
