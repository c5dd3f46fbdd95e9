function Repair-QsmVlan {
    <#
    .SYNOPSIS
    Puts VLAN settings back that were lost when an adapter was connected, and proves them.

    .DESCRIPTION
    Settings that are still not as they were make the import fail: a VM in the wrong network must not start.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER Vlan
    Adapters and their settings, as Get-QsmPlannedVlan reported them.

    .OUTPUTS
    System.String: what was changed.

    .EXAMPLE
    Repair-QsmVlan -VMId $VMId -Vlan $vlans -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [object[]]$Vlan
    )

    foreach ($adapter in @(Get-VMNetworkAdapter -VM (Get-QsmVMObject -VMId $VMId -Required) -ErrorAction Stop)) {
        $old = $Vlan | Where-Object { $_.adapter_id -eq [string]$adapter.Id } | Select-Object -First 1
        if ($null -eq $old) { continue }
        $wanted = ConvertTo-QsmJson -InputObject $old.vlan
        if ((ConvertTo-QsmJson -InputObject (Get-QsmVlan -Adapter $adapter)) -eq $wanted) { continue }
        if (-not $PSCmdlet.ShouldProcess($adapter.Name, "Set VLAN $wanted")) { continue }
        $setting = switch ($old.vlan.mode) {
            'Access' { @{ Access = $true; VlanId = $old.vlan.access_id } }
            'Trunk' { @{ Trunk = $true; NativeVlanId = $old.vlan.native_id; AllowedVlanIdList = $old.vlan.allowed_ids } }
            default { @{ Untagged = $true } }
        }
        Set-VMNetworkAdapterVlan -VMNetworkAdapter $adapter @setting -Confirm:$false -ErrorAction Stop
        "adapter $($adapter.Name): VLAN $($old.vlan.mode)"
        $now = ConvertTo-QsmJson -InputObject (Get-QsmVlan -Adapter $adapter)
        if ($now -eq $wanted) { continue }
        throw (New-QsmError -Id 'ImportFailed' -Category failed -Subject "$VMId" -Facts @{ hresult = $null; found = $now; expected = $wanted } -Text 'vlan_not_set' -Value @{ adapter = $adapter.Name; vm_id = $VMId; found = $now; expected = $wanted })
    }
}
