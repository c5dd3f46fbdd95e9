function ConvertTo-QsmErrorRecord {
    <#
    .SYNOPSIS
    Makes an error to be thrown of ErrorFacts that were stored or reported.

    .DESCRIPTION
    The way back from ConvertTo-QsmErrorFacts: what is caught later is reported as these facts again.

    .PARAMETER Facts
    The ErrorFacts.

    .OUTPUTS
    System.Management.Automation.ErrorRecord

    .EXAMPLE
    throw (ConvertTo-QsmErrorRecord -Facts $attempt.error)
    #>
    [CmdletBinding()]
    [OutputType([System.Management.Automation.ErrorRecord])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$Facts
    )

    $exception = New-Object -TypeName System.InvalidOperationException -ArgumentList $Facts.message
    $exception.Data['QsmErrorFacts'] = ConvertTo-QsmJson -InputObject $Facts
    New-Object -TypeName System.Management.Automation.ErrorRecord -ArgumentList $exception, $Facts.id, ([System.Management.Automation.ErrorCategory]::NotSpecified), $Facts.subject
}
