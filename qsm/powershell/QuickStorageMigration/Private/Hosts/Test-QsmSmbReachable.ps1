function Test-QsmSmbReachable {
    <#
    .SYNOPSIS
    Returns whether the SMB server of another host answers from here.

    .DESCRIPTION
    A connection to TCP port 445. Anything that goes wrong means no.

    .PARAMETER Address
    Name or address of the other host.

    .OUTPUTS
    System.Boolean

    .EXAMPLE
    Test-QsmSmbReachable -Address 'hv01.contoso.com'
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$Address
    )

    if ($Address -eq '') { return $false }
    $asked = @{ ComputerName = $Address; Port = 445; InformationLevel = 'Quiet'; WarningAction = 'SilentlyContinue'; ErrorAction = 'Stop' }
    try {
        [bool](Test-NetConnection @asked)
    } catch {
        $false
    }
}
