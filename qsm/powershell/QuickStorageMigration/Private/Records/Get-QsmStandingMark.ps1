function Get-QsmStandingMark {
    <#
    .SYNOPSIS
    Makes a text of everything that changes when a VM runs.

    .DESCRIPTION
    State, length, time and identity of each disk file, length and time of the saved memory. Equal texts before and after a
    refused start prove that it has not run. A disk that cannot be read makes a text that equals no other.

    .PARAMETER VM
    The VM as Get-VM gives it.

    .OUTPUTS
    System.String

    .EXAMPLE
    $before = Get-QsmStandingMark -VM $vm
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM
    )

    $lines = @([string]$VM.State)
    foreach ($disk in @(Get-QsmVMDisk -VM $VM)) {
        if ($null -ne $disk.error) { $lines += "unread $([guid]::NewGuid())" }
        foreach ($file in $disk.chain) {
            $identity = if ($file.content_identity -eq '') { "unread $([guid]::NewGuid())" } else { $file.content_identity }
            $lines += "$($disk.slot) $($file.path) $($file.length_bytes) $($file.last_write_ticks) $identity"
        }
    }
    foreach ($file in @(Get-QsmSavedStateFile -VM $VM)) { $lines += "$($file.path) $($file.length_bytes) $($file.last_write_ticks)" }
    $lines -join "`n"
}
