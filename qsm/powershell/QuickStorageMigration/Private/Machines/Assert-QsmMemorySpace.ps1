function Assert-QsmMemorySpace {
    <#
    .SYNOPSIS
    Refuses to save a VM whose memory does not fit on the volume of its configuration, and once more where it is exported to.

    .DESCRIPTION
    The saved memory takes about what is assigned now, and Hyper-V may set aside what the VM starts with. NoSpace (refused)
    unless the reserve stays free beside it.

    .PARAMETER VM
    The VM as Get-VM gives it.

    .PARAMETER ExportFolder
    Where the memory is exported to.

    .PARAMETER ReserveBytes
    Free space to keep.

    .OUTPUTS
    None

    .EXAMPLE
    Assert-QsmMemorySpace -VM $vm -ExportFolder $folder -ReserveBytes 1GB
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM,

        [Parameter(Mandatory = $true)]
        [string]$ExportFolder,

        [Parameter(Mandatory = $true)]
        [long]$ReserveBytes
    )

    $memory = [Math]::Max([long]$VM.MemoryAssigned, [long]$VM.MemoryStartup)
    $short = Get-QsmNeededSpace -Length @{ $VM.ConfigurationLocation = $memory; $ExportFolder = $memory } -ReserveBytes $ReserveBytes
    if ($null -eq $short) { return }
    throw (New-QsmError -Id 'NoSpace' -Category refused -Subject $short.volume -Facts @{ volume = $short.volume; free_bytes = $short.free_bytes; needed_bytes = $short.needed_bytes } -Text 'memory_no_space' -Value @{ volume = $short.volume; free_bytes = $short.free_bytes; vm = $VM.Name; needed_bytes = $short.needed_bytes })
}
