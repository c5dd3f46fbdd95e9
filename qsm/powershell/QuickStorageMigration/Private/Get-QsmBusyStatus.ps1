function Get-QsmBusyStatus {
    <#
    .SYNOPSIS
    Tells what a VM is busy with; nothing if it is at rest.

    .DESCRIPTION
    OperationalStatus lists a health word and the operation that goes on. Everything but Ok counts as busy, also a
    status of a newer Windows that nobody here knows: in doubt the VM is left alone. InService is how Hyper-V says that some
    operation goes on at all.

    .PARAMETER VM
    The VM as Get-VM gives it.

    .OUTPUTS
    System.String: VMOperationalStatus by name.

    .EXAMPLE
    Get-QsmBusyStatus -VM (Get-QsmVMObject -VMId $VMId)
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM
    )

    Get-QsmOperationalStatus -VM $VM | Where-Object { $_ -ne 'Ok' }
}
