function Get-QsmVMObject {
    <#
    .SYNOPSIS
    Finds a VM of this host by its id; null if there is none.

    .DESCRIPTION
    "Not found" decides over deleting and starting, so it must not be taken from a question that failed: whether the VM is
    there is told by Get-QsmRegisteredVM, and one that is there and cannot be read is an error. Planned VMs do not count: where
    this process remembers one that another process has imported since, Get-VM -Id gives the planned one, and the list the real.

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

    $registered = @(Get-QsmRegisteredVM -VMId $VMId)
    if ($registered.Count -gt 0) {
        $vm = Get-VM -Id $VMId -ErrorAction Stop
        if ([string](Get-QsmProperty -InputObject $vm -Name 'VirtualMachineType' -Default '') -eq 'PlannedVirtualMachine') { $vm = (Get-QsmVMList).vms | Where-Object { $_.Id -eq $VMId } }
        return Add-QsmVMState -VM $vm -System $registered[0].system
    }
    if ($Required -and $Acted) {
        throw (New-QsmError -Id 'HostFailed' -Category failed -Subject "$VMId" -Text 'vm_gone' -Value @{ vm_id = $VMId })
    }
    if ($Required) {
        throw (New-QsmError -Id 'VMNotFound' -Category refused -Subject "$VMId" -Text 'vm_not_found' -Value @{ vm_id = $VMId })
    }
}
