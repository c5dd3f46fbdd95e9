function Get-QsmHResult {
    <#
    .SYNOPSIS
    Finds the HRESULT that an error is about, as an unsigned number; null if it has none.

    .DESCRIPTION
    Cmdlets wrap errors: the number stands in the innermost exception that has a telling one. Those of .NET itself
    (0x8013xxxx), E_FAIL and E_UNEXPECTED say nothing. A Win32Exception keeps its number in NativeErrorCode. Modules made of
    CIM classes set none, but write it into the error id: the scheduled tasks as HRESULT 0x800700b7, SMB as Windows System
    Error 1332. Hyper-V's exceptions never have one (HP/VirtualizationException.cs of its module): it ends their text.

    .PARAMETER ErrorRecord
    The error.

    .OUTPUTS
    System.Int64

    .EXAMPLE
    try { Get-Item -LiteralPath 'D:\absent' } catch { Get-QsmHResult -ErrorRecord $_ }
    #>
    [CmdletBinding()]
    [OutputType([long])]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.ErrorRecord]$ErrorRecord
    )

    $found = $null
    $exception = $ErrorRecord.Exception
    while ($null -ne $exception) {
        $number = [long]$exception.HResult -band 0xFFFFFFFFL
        if ($exception -is [System.ComponentModel.Win32Exception] -and $exception.NativeErrorCode -gt 0 -and $exception.NativeErrorCode -le 0xFFFF) {
            $number = 0x80070000L + $exception.NativeErrorCode
        }
        # Below 0x80000000 it is a success code, or the error number of another system.
        $text = '{0:X8}' -f $number
        if ($text -match '\A[89A-F]' -and $text -notmatch '\A8013|\A80004005\z|\A8000FFFF\z') { $found = $number }
        $exception = $exception.InnerException
    }
    if ($null -ne $found) { return $found }
    $id = [string]$ErrorRecord.FullyQualifiedErrorId
    if ($id -match '\AHRESULT 0x([89A-Fa-f][0-9A-Fa-f]{7})(,|\z)') { return [Convert]::ToInt64($Matches[1], 16) }
    if ($id -match '\AWindows System Error (\d{1,5})(,|\z)') { return 0x80070000L + [long]$Matches[1] }
    Get-QsmTextNumber -Text ([string]$ErrorRecord.Exception.Message)
}
