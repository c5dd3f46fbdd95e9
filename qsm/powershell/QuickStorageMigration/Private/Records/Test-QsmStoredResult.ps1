function Test-QsmStoredResult {
    <#
    .SYNOPSIS
    Decides whether the last attempt of an operation already is the answer.

    .DESCRIPTION
    True: its result is the answer. False: a new attempt may be made. Thrown: OperationMismatch (refused) if it was done with
    other arguments; OutcomeUnknown (unknown) if nobody knows what became of it and the operation must not be repeated
    blindly; the stored error if it failed and must not be repeated.

    .PARAMETER Row
    The operation, as the table has it.

    .PARAMETER Last
    The last attempt.

    .PARAMETER ArgumentsHash
    Hash of the arguments of the call.

    .OUTPUTS
    System.Boolean

    .EXAMPLE
    Test-QsmStoredResult -Row $row -Last @($entry.attempts)[-1] -ArgumentsHash $hash
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$Row,

        [Parameter(Mandatory = $true)]
        [object]$Last,

        [Parameter(Mandatory = $true)]
        [string]$ArgumentsHash
    )

    $told = @{ operation = $Row.name; subject = $script:QsmCall.Subject; attempt = $Last.attempt; at_utc = $Last.at_utc }
    $facts = @{ attempt = $Last.attempt; at_utc = $Last.at_utc }
    if ($Last.state -eq 'done') {
        if ($Last.arguments_hash -eq $ArgumentsHash) { return $true }
        $script:QsmCall.Repeated = $false
        throw (New-QsmError -Id 'OperationMismatch' -Category 'refused' -Facts $facts -Text 'operation_mismatch' -Value $told)
    }
    if ($Row.after_unknown -eq 'converge' -or $Last.state -eq 'refused') { return $false }
    if ($Last.state -eq 'failed') { throw (ConvertTo-QsmErrorRecord -Facts $Last.error) }
    $script:QsmCall.Repeated = $false
    throw (New-QsmError -Id 'OutcomeUnknown' -Category 'unknown' -Facts $facts -Text 'outcome_unknown' -Value $told)
}
