function Get-QsmOperationalStatus {
    <#
    .SYNOPSIS
    Returns the operational status of a VM by names.

    .DESCRIPTION
    Names, not numbers: Hyper-V's WMI and its cmdlets number some of them differently. While a checkpoint is applied, Windows
    shows the bare number 32769, since its own enumeration has a misprint there; so that one gets its name here.
    StatusDescriptions are translated and never read.

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
        if ($null -ne $status) { [string]$status -replace '\A32769\z', 'ApplyingSnapshot' }
    }
}
