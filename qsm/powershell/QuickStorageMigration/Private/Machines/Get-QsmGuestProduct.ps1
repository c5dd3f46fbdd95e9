function Get-QsmGuestProduct {
    <#
    .SYNOPSIS
    Returns what a running guest with Windows is: Workstation, DomainController or Server; null if it does not tell.

    .DESCRIPTION
    The guest's integration services tell it as item ProductType (1, 2, 3), embedded as text in the VM's
    Msvm_KvpExchangeComponent. It decides nothing, so that no answer is none, whatever the reason.

    .PARAMETER VMId
    Id of the VM.

    .OUTPUTS
    System.String

    .EXAMPLE
    Get-QsmGuestProduct -VMId $VM.Id
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId
    )

    $products = @{ '1' = 'Workstation'; '2' = 'DomainController'; '3' = 'Server' }
    try {
        $components = @(Invoke-QsmWmi -Namespace 'root\virtualization\v2' -Class 'Msvm_KvpExchangeComponent' -Filter "SystemName='$($VMId.ToString().ToUpperInvariant())'")
    } catch {
        Write-Verbose -Message "The guest of VM $VMId does not tell what it is: $($_.Exception.Message)"
        return $null
    }
    foreach ($item in @($components | ForEach-Object { Get-QsmProperty -InputObject $_ -Name 'GuestIntrinsicExchangeItems' -Default @() })) {
        if ([string]$item -notmatch '(?s)<PROPERTY NAME="Name"[^>]*>\s*<VALUE>ProductType</VALUE>') { continue }
        if ([string]$item -match '(?s)<PROPERTY NAME="Data"[^>]*>\s*<VALUE>(.*?)</VALUE>') { return $products[$Matches[1]] }
    }
}
