function Get-QsmComputerAccount {
    <#
    .SYNOPSIS
    Returns under which account this host's SYSTEM acts on the network; null in a workgroup.

    .DESCRIPTION
    It is DOMAIN\NAME$. Windows knows its domain by the DNS name; LSA translates that to the short one, else
    "Win32_NTDomain class" reports it where only one domain is in question. The DNS form is right too, so it is the last resort.

    .PARAMETER Computer
    The instance of Win32_ComputerSystem.

    .OUTPUTS
    System.String

    .EXAMPLE
    Get-QsmComputerAccount -Computer (Invoke-QsmWmi -Class 'Win32_ComputerSystem')
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$Computer
    )

    if (-not $Computer.PartOfDomain) { return $null }
    $account = "$($Computer.Domain)\$($Computer.Name)$"
    try {
        $name = New-Object -TypeName System.Security.Principal.NTAccount -ArgumentList $account
        $sid = $name.Translate([System.Security.Principal.SecurityIdentifier])
        return $sid.Translate([System.Security.Principal.NTAccount]).Value
    } catch {
        Write-Verbose -Message "LSA does not resolve '$account': $($_.Exception.Message)"
    }
    try {
        $domains = @(Invoke-QsmWmi -Class 'Win32_NTDomain' | Where-Object { (Get-QsmProperty -InputObject $_ -Name 'DnsForestName') } | ForEach-Object { [string]$_.DomainName } | Select-Object -Unique)
        if ($domains.Count -eq 1) { return "$($domains[0])\$($Computer.Name)$" }
    } catch {
        Write-Verbose -Message "WMI does not report the domain: $($_.Exception.Message)"
    }
    $account
}
