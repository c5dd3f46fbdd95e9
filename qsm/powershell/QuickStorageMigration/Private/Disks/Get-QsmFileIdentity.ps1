function Get-QsmFileIdentity {
    <#
    .SYNOPSIS
    Reports, for each disk file and saved-state file of a VM, what would change if the VM ran.

    .DESCRIPTION
    A VM that runs changes the length, the time or the identity of its disks, and removes or rewrites its saved state.

    .PARAMETER VMFact
    The VM, with the fields of VMFacts.

    .OUTPUTS
    System.Collections.Hashtable: by path (case does not count), a text.

    .EXAMPLE
    $before = Get-QsmFileIdentity -VMFact $imported.result.vm
    #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VMFact
    )

    $identities = New-Object -TypeName System.Collections.Hashtable -ArgumentList ([StringComparer]::OrdinalIgnoreCase)
    foreach ($disk in $VMFact.disks) {
        foreach ($file in $disk.chain) {
            $identities[$file.path] = "$($file.length_bytes) bytes, time $($file.last_write_ticks), identity $($file.content_identity), slot $($disk.slot)"
        }
    }
    foreach ($file in $VMFact.saved_state_files) {
        $identities[$file.path] = "$($file.length_bytes) bytes, time $($file.last_write_ticks)"
    }
    $identities
}
