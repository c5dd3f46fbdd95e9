function Get-QsmPlannedVlan {
    <#
    .SYNOPSIS
    Returns the VLAN settings of the adapters of a VM as its configuration has them.

    .DESCRIPTION
    They belong to the adapter's port and should survive that it is connected anew; to prove it they are read before.

    .PARAMETER VM
    The VM of a compatibility report.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: adapter_id, vlan.

    .EXAMPLE
    Get-QsmPlannedVlan -VM $report.VM
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM
    )

    foreach ($adapter in @($VM.NetworkAdapters)) {
        if ($null -ne $adapter) { [PSCustomObject]@{ adapter_id = [string]$adapter.Id; vlan = Get-QsmVlan -Adapter $adapter } }
    }
}
