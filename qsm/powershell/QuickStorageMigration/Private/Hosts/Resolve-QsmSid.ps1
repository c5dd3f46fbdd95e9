function Resolve-QsmSid {
    <#
    .SYNOPSIS
    Finds the SID of an account; null if nobody knows it.

    .DESCRIPTION
    Rights are compared by SID, because names are written in several ways and some are translated. LSA is asked first; where the
    language mode or the platform does not allow that, WMI is ("Win32_UserAccount class", which holds computer accounts
    too). An account that neither resolves is unknown, which is the unsafe answer.

    .PARAMETER Account
    DOMAIN\NAME, where NAME of a computer ends in $.

    .OUTPUTS
    System.String

    .EXAMPLE
    Resolve-QsmSid -Account 'CONTOSO\HV02$'
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Account
    )

    try {
        $name = New-Object -TypeName System.Security.Principal.NTAccount -ArgumentList $Account
        return $name.Translate([System.Security.Principal.SecurityIdentifier]).Value
    } catch {
        Write-Verbose -Message "LSA does not resolve '$Account': $($_.Exception.Message)"
    }
    $domain, $user = $Account -split '\\', 2
    if (-not $user) { return $null }
    $filter = "Domain=$(ConvertTo-QsmWmiText -Text $domain) AND Name=$(ConvertTo-QsmWmiText -Text $user)"
    try {
        $found = @(Invoke-QsmWmi -Class 'Win32_UserAccount' -Filter $filter)
    } catch {
        Write-Verbose -Message "WMI does not resolve '$Account': $($_.Exception.Message)"
        return $null
    }
    if ($found.Count -ne 1) { return $null }
    [string]$found[0].SID
}
