function Get-QsmVMObject {
    <#
    .SYNOPSIS
    Finds a VM of this host by its id; null if there is none.

    .DESCRIPTION
    "Not found" decides over deleting and starting, so it must not be taken from a question that failed: Get-VM says
    InvalidParameter for an unknown id, and WMI is asked whether it truly knows no such VM. Planned VMs do not count.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER Required
    Throw VMNotFound (refused) instead of returning null.

    .PARAMETER Acted
    With -Required: the VM was acted on before, so that its absence is HostFailed (failed).

    .OUTPUTS
    Microsoft.HyperV.PowerShell.VirtualMachine

    .EXAMPLE
    $vm = Get-QsmVMObject -VMId $VMId -Required
    #>
    [CmdletBinding()]
    [OutputType([object])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [switch]$Required,

        [switch]$Acted
    )

    try {
        return Get-VM -Id $VMId -ErrorAction Stop
    } catch {
        if ($_.FullyQualifiedErrorId -notlike 'InvalidParameter,*') { throw }
        $cause = $_
    }
    $known = @(Invoke-QsmWmi -Namespace 'root\virtualization\v2' -Class 'Msvm_ComputerSystem' -Filter "Name='$($VMId.ToString().ToUpperInvariant())'")
    if ($known.Count -gt 0) { throw $cause }
    if ($Required -and $Acted) {
        throw (New-QsmError -Id 'HostFailed' -Category failed -Subject "$VMId" -Text 'vm_gone' -Value @{ vm_id = $VMId })
    }
    if ($Required) {
        throw (New-QsmError -Id 'VMNotFound' -Category refused -Subject "$VMId" -Text 'vm_not_found' -Value @{ vm_id = $VMId })
    }
}
