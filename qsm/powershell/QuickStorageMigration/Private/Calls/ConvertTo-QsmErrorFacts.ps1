function ConvertTo-QsmErrorFacts {
    <#
    .SYNOPSIS
    Turns any error into the ErrorFacts that travel.

    .DESCRIPTION
    An error made by New-QsmError comes back as it was reported. Any other is one that nobody foresaw: HostFailed, or AccessDenied
    for 0x80070005, with its HRESULT. Its category is failed when a changing operation ran, since nobody can say how far it
    came, and refused for a question.

    .PARAMETER ErrorRecord
    The error.

    .PARAMETER Operation
    Name of the operation, for the message.

    .PARAMETER Changes
    Whether it came while a changing operation ran.

    .OUTPUTS
    System.Management.Automation.PSCustomObject

    .EXAMPLE
    try { Get-Item -LiteralPath 'D:\absent' } catch { ConvertTo-QsmErrorFacts -ErrorRecord $_ -Operation 'get_host' }
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseSingularNouns', '', Justification = 'ErrorFacts is the name of the type that travels')]
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.ErrorRecord]$ErrorRecord,

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Operation,

        [switch]$Changes
    )

    $exception = $ErrorRecord.Exception
    while ($null -ne $exception) {
        if ($exception.Data.Contains('QsmErrorFacts')) { return ConvertFrom-QsmJson -Text $exception.Data['QsmErrorFacts'] }
        $exception = $exception.InnerException
    }

    $number = Get-QsmHResult -ErrorRecord $ErrorRecord
    $id = 'HostFailed'
    if ($null -ne $number -and ('{0:X8}' -f $number) -eq '80070005') { $id = 'AccessDenied' }
    $subject = if ($null -ne $script:QsmCall) { $script:QsmCall.Subject } else { '' }
    $told = @{ operation = $Operation; cause = Get-QsmCause -ErrorRecord $ErrorRecord }
    if ($subject -ne '') { $told.subject = $subject }
    $seen = $ErrorRecord.InvocationInfo
    [PSCustomObject][ordered]@{
        id        = $id
        category  = $(if ($Changes) { 'failed' } else { 'refused' })
        retryable = Test-QsmPassingError -HResult $number -Question:(-not $Changes)
        message   = Get-QsmText -Name $(if ($subject -ne '') { 'unforeseen_subject' } else { 'unforeseen' }) -Value $told
        subject   = $subject
        hresult   = $number
        facts     = [PSCustomObject]@{
            error_id = [string]$ErrorRecord.FullyQualifiedErrorId
            command  = $(if ($null -ne $seen) { [string]$seen.MyCommand } else { '' })
            position = $(if ($null -ne $seen) { [string]$seen.PositionMessage } else { '' })
        }
    }
}
