function Get-QsmAddressUse {
    <#
    .SYNOPSIS
    Returns the adapters on this host that have one of the MAC addresses already; null if that cannot be told.

    .DESCRIPTION
    Adapters of other VMs and of the host itself. It speaks against nothing, so that a failure is no error of the whole question.

    .PARAMETER Address
    Addresses to look for.

    .PARAMETER VMId
    Id of the VM that has them.

    .OUTPUTS
    System.Object[]: a list, always as one object, with the fields of AddressUse.

    .EXAMPLE
    Get-QsmAddressUse -Address '00155D010203' -VMId $VMId
    #>
    [CmdletBinding()]
    [OutputType([object[]])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [string[]]$Address,

        [Parameter(Mandatory = $true)]
        [guid]$VMId
    )

    if ($Address.Count -eq 0) { return , @() }
    try {
        $adapters = @(Get-VMNetworkAdapter -All -ErrorAction Stop)
    } catch {
        Write-Verbose -Message "The adapters of this host are not told: $($_.Exception.Message)"
        return $null
    }
    , @(foreach ($adapter in $adapters) {
            $ofHost = [bool](Get-QsmProperty -InputObject $adapter -Name 'IsManagementOs' -Default $false)
            if (-not $ofHost -and [string](Get-QsmProperty -InputObject $adapter -Name 'VMId' -Default '') -eq "$VMId") { continue }
            if (-not (Test-QsmSameText -Text ([string]$adapter.MacAddress) -Other $Address)) { continue }
            [PSCustomObject][ordered]@{ mac_address = [string]$adapter.MacAddress; adapter_name = [string]$adapter.Name; vm_name = $(if ($ofHost) { $null } else { [string]$adapter.VMName }) }
        })
}
