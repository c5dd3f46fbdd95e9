function Assert-QsmShutdown {
    <#
    .SYNOPSIS
    Refuses to stop a VM whose guest cannot be asked to shut down.

    .DESCRIPTION
    WorldChanged (refused) unless the shutdown component is there, enabled and Ok: preflight found it so. What else would stop the
    VM is turning it off, which loses what the guest holds in its memory.

    .PARAMETER VM
    The VM as Get-VM gives it.

    .OUTPUTS
    None

    .EXAMPLE
    Assert-QsmShutdown -VM $vm
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM
    )

    $status = (Get-QsmShutdownComponent -VMId $VM.Id).status
    if ($status -eq 'Ok') { return }
    $facts = @{ found = @{ guest_shutdown = $status }; expected = @{ guest_shutdown = 'Ok' } }
    throw (New-QsmError -Id 'WorldChanged' -Category refused -Subject $VM.Id.ToString() -Facts $facts -Text 'guest_not_askable' -Value @{ vm = $VM.Name; status = $status })
}
