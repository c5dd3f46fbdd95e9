function Get-QsmBusyStatus {
    <#
    .SYNOPSIS
    Returns what a VM is busy with; nothing if it is at rest.

    .DESCRIPTION
    OperationalStatus lists a word on its health and the operation that goes on. Everything but the words on health counts as
    busy, also a status of a newer Windows that nobody here knows. InService is how Hyper-V says that some operation goes on
    at all. PredictiveFailure means that a volume runs full, which may last: waiting for it would never end.

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

    $health = 'Ok', 'Degraded', 'PredictiveFailure', 'SupportingEntityInError', 'ApplicationCriticalState', 'CriticalIoError'
    Get-QsmOperationalStatus -VM $VM | Where-Object { $health -notcontains $_ }
}
