function Test-QsmPassingError {
    <#
    .SYNOPSIS
    Returns whether an error number stands for something that may pass by itself.

    .DESCRIPTION
    Sharing violation, network path, network name and network location not reachable ([MS-ERREF] 2.2: 32, 53, 67, 1231), and
    BG_E_NETWORK_DISCONNECTED of BITS. Of a question also what WMI and RPC say while a service or provider is restarted or
    overloaded, when an act may have been done halfway ("WMI Error Constants": WBEM_E_NOT_FOUND 1002, OUT_OF_MEMORY 1006,
    PROVIDER_LOAD_FAILURE 1013, INITIALIZATION_FAILURE 1014, TRANSPORT_FAILURE 1015, CALL_CANCELLED 1032, SHUTTING_DOWN
    1033, SERVER_TOO_BUSY 1045, QUOTA_VIOLATION 106C; [MS-ERREF] 2.2: RPC_S_SERVER_UNAVAILABLE 1722, SERVER_TOO_BUSY 1723,
    CALL_FAILED 1726, CALL_FAILED_DNE 1727; 2.1.1: RPC_E_SERVER_DIED, DISCONNECTED, SERVERCALL_RETRYLATER,
    CO_E_SERVER_EXEC_FAILURE). Without a number nothing is known: no.

    .PARAMETER HResult
    The HRESULT as an unsigned number, or null.

    .PARAMETER Question
    Whether it came of a question.

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
        [Nullable[long]]$HResult,

        [switch]$Question
    )

    # As text: 0x80070020 is a negative Int32 to PowerShell.
    if ($null -eq $HResult) { return $false }
    $number = '{0:X8}' -f $HResult
    if (@('80070020', '80070035', '80070040', '80070043', '80070079', '800704CF', '80200010') -contains $number) { return $true }
    $ofQuestions = @(
        '80041002', '80041006', '80041013', '80041014', '80041015', '80041032', '80041033', '80041045', '8004106C'
        '800706BA', '800706BB', '800706BE', '800706BF', '80010007', '80010108', '8001010A', '80080005'
    )
    $Question -and $ofQuestions -contains $number
}
