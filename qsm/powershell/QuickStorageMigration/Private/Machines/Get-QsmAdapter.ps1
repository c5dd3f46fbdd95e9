function Get-QsmAdapter {
    <#
    .SYNOPSIS
    Returns the network adapters of a VM.

    .DESCRIPTION
    Without a switch the name of the switch is null. So it is on one that this host no longer has, whose name cannot be read: then
    switch_gone is true.

    .PARAMETER VM
    The VM as Get-VM gives it.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of Adapter.

    .EXAMPLE
    Get-QsmAdapter -VM (Get-QsmVMObject -VMId $VMId)
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM
    )

    foreach ($adapter in @(Get-VMNetworkAdapter -VM $VM -ErrorAction Stop)) {
        $connected = Get-QsmProperty -InputObject $adapter -Name 'SwitchName' -Default '' -Unreadable $null
        [PSCustomObject][ordered]@{
            adapter_id  = [string]$adapter.Id
            name        = [string]$adapter.Name
            mac_address = [string]$adapter.MacAddress
            dynamic_mac = [bool]$adapter.DynamicMacAddressEnabled
            legacy      = [bool]$adapter.IsLegacy
            switch_name = $(if ([string]$connected -eq '') { $null } else { [string]$connected })
            switch_gone = $null -eq $connected
            vlan        = Get-QsmVlan -Adapter $adapter
            iov_weight  = [int](Get-QsmProperty -InputObject $adapter -Name 'IovWeight' -Default 0)
        }
    }
}
