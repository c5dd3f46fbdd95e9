function Get-QsmVlan {
    <#
    .SYNOPSIS
    Returns the VLAN settings of a network adapter of a VM.

    .DESCRIPTION
    Get-VMNetworkAdapterVlan gives them; an adapter without any is untagged.

    .PARAMETER Adapter
    The adapter as Get-VMNetworkAdapter gives it.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of Vlan.

    .EXAMPLE
    Get-VMNetworkAdapter -VM $vm | ForEach-Object { Get-QsmVlan -Adapter $_ }
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$Adapter
    )

    $setting = Get-VMNetworkAdapterVlan -VMNetworkAdapter $Adapter -ErrorAction Stop | Select-Object -First 1
    [PSCustomObject][ordered]@{
        mode         = [string](Get-QsmProperty -InputObject $setting -Name 'OperationMode' -Default 'Untagged')
        access_id    = [int](Get-QsmProperty -InputObject $setting -Name 'AccessVlanId' -Default 0)
        native_id    = [int](Get-QsmProperty -InputObject $setting -Name 'NativeVlanId' -Default 0)
        allowed_ids  = [string](Get-QsmProperty -InputObject $setting -Name 'AllowedVlanIdListString' -Default '')
        primary_id   = [int](Get-QsmProperty -InputObject $setting -Name 'PrimaryVlanId' -Default 0)
        secondary_id = [int](Get-QsmProperty -InputObject $setting -Name 'SecondaryVlanId' -Default 0)
    }
}
