function Get-QsmCause {
    <#
    .SYNOPSIS
    Returns what an error says, as a sentence within one of ours.

    .DESCRIPTION
    One line with a full stop at its end. The number of the error is added where the words of the host do not hold it, since
    the words are in the host's language and the number is what can be looked up.

    .PARAMETER ErrorRecord
    The error.

    .OUTPUTS
    System.String

    .EXAMPLE
    try { Save-VM -VM $vm } catch { Get-QsmCause -ErrorRecord $_ }
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.ErrorRecord]$ErrorRecord
    )

    $words = ($ErrorRecord.Exception.Message -replace '\s+', ' ').Trim()
    $number = Get-QsmHResult -ErrorRecord $ErrorRecord
    if ($null -ne $number) {
        $code = '0x{0:X8}' -f $number
        if ($words -notmatch $code) { $words = "$($words -replace '\.\z', '') ($code)" }
    }
    if ($words -match '[.!?]\z') { $words } else { "$words." }
}
