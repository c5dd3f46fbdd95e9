function Get-QsmVolumeFact {
    <#
    .SYNOPSIS
    Returns the volumes that hold some paths, each volume once.

    .DESCRIPTION
    The longest mount path that the path begins with is its volume. The path need not exist. A path on a share has no volume
    here, and a path on an unknown drive none at all: both are an error, since space that nobody can measure must not count
    as enough; with -Known they are left out.

    .PARAMETER Path
    Full paths of files or folders.

    .PARAMETER Known
    Leave out paths without a volume on this host.

    .PARAMETER Mount
    Mount paths as Get-QsmMountPath reports them, to spare asking again.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of VolumeFacts.

    .EXAMPLE
    Get-QsmVolumeFact -Path 'D:\VMs\web', 'D:\VMs\disk.vhdx'
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [string[]]$Path,

        [switch]$Known,

        [object[]]$Mount = @()
    )

    if ($Path.Count -eq 0) { return }
    if ($Mount.Count -eq 0) { $Mount = @(Get-QsmMountPath) }
    $told = @()
    foreach ($one in $Path) {
        $found = $Mount | Where-Object { Test-QsmPathUnder -Path $one -Folder $_.root } |
            Sort-Object -Property { $_.root.Length } -Descending | Select-Object -First 1
        if ($null -eq $found) {
            if ($Known) { continue }
            throw (New-QsmError -Id 'HostFailed' -Category refused -Subject $one -Facts @{ path = $one } -Text 'volume_unknown' -Value @{ path = $one })
        }
        if (Test-QsmSameText -Text $found.root -Other $told) { continue }
        $told += $found.root
        [PSCustomObject][ordered]@{
            root           = $found.root
            capacity_bytes = $found.capacity_bytes
            free_bytes     = $found.free_bytes
            file_system    = $found.file_system
        }
    }
}
