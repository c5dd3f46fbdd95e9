function Assert-QsmVMGone {
    <#
    .SYNOPSIS
    Proves that a VM is not registered any more.

    .DESCRIPTION
    Waits a minute for Hyper-V; HostFailed (failed) if it is still there.

    .PARAMETER VMId
    Id of the VM.

    .OUTPUTS
    None

    .EXAMPLE
    Assert-QsmVMGone -VMId $VMId
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId
    )

    $clock = [Diagnostics.Stopwatch]::StartNew()
    while ($null -ne (Get-QsmVMObject -VMId $VMId)) {
        if ($clock.Elapsed.TotalSeconds -ge 60) {
            throw (New-QsmError -Id 'HostFailed' -Category failed -Subject "$VMId" -Text 'vm_not_removed' -Value @{ vm_id = $VMId })
        }
        Start-Sleep -Milliseconds 250
    }
}
