function Test-QsmPassingError {
    <#
    .SYNOPSIS
    Returns whether an error number stands for something that may pass by itself.

    .DESCRIPTION
    Sharing violation, network path, network name and network location not reachable ([MS-ERREF] 2.2: 32, 53, 67, 1231), and
    BG_E_NETWORK_DISCONNECTED of BITS. Without a number nothing is known: no.

    .PARAMETER HResult
    The HRESULT as an unsigned number, or null.

    .OUTPUTS
    System.Boolean

    .EXAMPLE
    Test-QsmPassingError -HResult 0x80070020L
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowNull()]
        [Nullable[long]]$HResult
    )

    # As text: 0x80070020 is a negative Int32 to PowerShell.
    if ($null -eq $HResult) { return $false }
    @('80070020', '80070035', '80070040', '80070043', '80070079', '800704CF', '80200010') -contains ('{0:X8}' -f $HResult)
}
