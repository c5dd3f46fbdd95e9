function New-QsmError {
    <#
    .SYNOPSIS
    Makes an error that a caller on the other side of the wire understands.

    .DESCRIPTION
    Returns an ErrorRecord to be thrown: throw (New-QsmError -Id ... ). Its exception carries the whole ErrorFacts as JSON
    text, so that they survive every rethrow. Error numbers that may pass by themselves make the error retryable.

    .PARAMETER Id
    The stable id, one of those that the table of operations names.

    .PARAMETER Category
    refused: provably nothing was changed; failed: something may have changed; unknown: nobody knows.

    .PARAMETER Text
    Name of the sentence in Messages.json: what happened, to which VM or file, how things stand and what to do.

    .PARAMETER Value
    Values of the sentence by place; see Get-QsmText.

    .PARAMETER Subject
    The VM or file that it is about; without it the subject of the call.

    .PARAMETER HResult
    The HRESULT, signed or unsigned.

    .PARAMETER Facts
    What a program needs to know of it, by name.

    .PARAMETER Retryable
    It may pass by itself.

    .OUTPUTS
    System.Management.Automation.ErrorRecord

    .EXAMPLE
    throw (New-QsmError -Id 'VMNotFound' -Category 'refused' -Text 'vm_not_found' -Value @{ vm_id = $VMId } -Subject $VMId)
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    [CmdletBinding()]
    [OutputType([System.Management.Automation.ErrorRecord])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidatePattern('\A[A-Z][A-Za-z]+\z')]
        [string]$Id,

        [Parameter(Mandatory = $true)]
        [ValidateSet('refused', 'failed', 'unknown')]
        [string]$Category,

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Text,

        [System.Collections.IDictionary]$Value = @{},

        [AllowEmptyString()]
        [string]$Subject = '',

        [Nullable[long]]$HResult = $null,

        [System.Collections.IDictionary]$Facts = @{},

        [switch]$Retryable
    )

    $message = Get-QsmText -Name $Text -Value $Value
    if ($Subject -eq '' -and $null -ne $script:QsmCall) { $Subject = $script:QsmCall.Subject }
    $number = $null
    if ($null -ne $HResult) { $number = $HResult -band 0xFFFFFFFFL }
    $told = [ordered]@{
        id        = $Id
        category  = $Category
        retryable = [bool]$Retryable -or (Test-QsmPassingError -HResult $number)
        message   = $message
        subject   = $Subject
        hresult   = $number
        facts     = $Facts
    }
    $exception = New-Object -TypeName System.InvalidOperationException -ArgumentList $message
    $exception.Data['QsmErrorFacts'] = ConvertTo-QsmJson -InputObject $told
    $kind = if ($Category -eq 'refused') { [System.Management.Automation.ErrorCategory]::InvalidOperation } else { [System.Management.Automation.ErrorCategory]::NotSpecified }
    New-Object -TypeName System.Management.Automation.ErrorRecord -ArgumentList $exception, $Id, $kind, $Subject
}
