function Get-QsmFrozenPair {
    <#
    .SYNOPSIS
    Returns base and leaf of each disk after a checkpoint, and proves that the writes have moved.

    .DESCRIPTION
    Each slot must hold another file now, which is differencing and whose parent is the former path: else CheckpointFailed
    (failed). The contents of the base must be readable, which a disk that takes writes does not allow.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER Former
    Slot and path of each disk before.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of DiskPair.

    .EXAMPLE
    Get-QsmFrozenPair -VMId $VMId -Former $disks
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [object[]]$Former
    )

    $drives = @(Get-QsmDrive -VM (Get-QsmVMObject -VMId $VMId -Required))
    foreach ($old in $Former) {
        $drive = $drives | Where-Object { $_.slot -eq $old.slot } | Select-Object -First 1
        $path = if ($null -eq $drive) { '' } else { $drive.path }
        $leaf = if ($path -eq '' -or (Test-QsmSameText -Text $path -Other $old.path)) { $null } else { Get-QsmDiskFile -Path $path }
        if ($null -eq $leaf -or $leaf.type -ne 'Differencing' -or -not (Test-QsmSameText -Text $leaf.parent_path -Other $old.path)) {
            throw (New-QsmError -Id 'CheckpointFailed' -Category failed -Subject $old.path -Facts @{ hresult = $null; slot = $old.slot; found = $path; expected = "a differencing disk on $($old.path)" } -Text 'checkpoint_moved_nothing' -Value @{ slot = $old.slot; path = $path; base = $old.path })
        }
        $base = Get-QsmDiskFile -Path $old.path
        if ($base.content_identity -eq '') {
            throw (New-QsmError -Id 'CheckpointFailed' -Category failed -Retryable -Subject $old.path -Facts @{ hresult = 0x80070020L; slot = $old.slot } -Text 'base_still_locked' -Value @{ path = $old.path })
        }
        [PSCustomObject][ordered]@{ slot = $old.slot; base = $base; leaf = $leaf }
    }
}
