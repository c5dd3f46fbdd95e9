function Get-QsmOperationalStatus {
    <#
    .SYNOPSIS
    Returns the operational status of a VM by names.

    .DESCRIPTION
    Names, not numbers: Hyper-V's WMI and its cmdlets number some of them differently. StatusDescriptions are translated and
    never read.

    .PARAMETER VM
    The VM as Get-VM gives it.

    .OUTPUTS
    System.String

    .EXAMPLE
    Get-QsmOperationalStatus -VM (Get-QsmVMObject -VMId $VMId)
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM
    )

    foreach ($status in @($VM.OperationalStatus)) {
        if ($null -ne $status) { [string]$status }
    }
}
