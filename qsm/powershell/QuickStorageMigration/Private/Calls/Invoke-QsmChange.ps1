function Invoke-QsmChange {
    <#
    .SYNOPSIS
    Does a changing operation at most once, or reports what became of it.

    .DESCRIPTION
    The caller may be asking again, because the reply was lost. So the journal is read first, the record second; the intent
    is on disk before the function acts, and its outcome after; one that the function itself calls unknown stays without
    end. The caller holds the lock of the migration. What concerns no migration has no journal: it looks first each time.

    .PARAMETER Row
    The operation, as the table has it.

    .PARAMETER Call
    The call.

    .OUTPUTS
    System.Object

    .EXAMPLE
    Use-QsmLock -MigrationId $call.migration_id -ScriptBlock { Invoke-QsmChange -Row $row -Call $call }
    #>
    [CmdletBinding()]
    [OutputType([object])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$Row,

        [Parameter(Mandatory = $true)]
        [object]$Call
    )

    $parameters = Resolve-QsmArgument -Row $Row -Call $Call
    if ($Row.record -eq 'none') { return Invoke-QsmFunction -Row $Row -Parameters $parameters }

    $path = Get-QsmJournalPath -MigrationId $Call.migration_id -Operation $Row.name -Subject $Call.subject
    $entry = Read-QsmJson -Path $path
    $hash = Get-QsmSha256 -Text (ConvertTo-QsmJson -InputObject $Call.arguments -Canonical)
    if ($null -ne $entry) {
        $last = @($entry.attempts)[-1]
        $script:QsmCall.Attempt = $last.attempt
        $script:QsmCall.Repeated = $true
        if (Test-QsmStoredResult -Row $Row -Last $last -ArgumentsHash $hash) { return $last.result }
        $script:QsmCall.Attempt = $null
        $script:QsmCall.Repeated = $false
    }
    if ($Row.record -ne 'makes') { Assert-QsmRecord -Row $Row -Call $Call }

    $entry = Add-QsmAttempt -Path $path -Entry $entry -Call $Call -ArgumentsHash $hash
    $attempt = @($entry.attempts)[-1]
    $script:QsmCall.Attempt = $attempt.attempt
    $failure = $null
    try {
        $attempt.result = Invoke-QsmFunction -Row $Row -Parameters $parameters
        $attempt.state = 'done'
    } catch {
        $failure = ConvertTo-QsmErrorFacts -ErrorRecord $_ -Operation $Row.name -Changes
        if ($failure.category -ne 'unknown') {
            $attempt.error = $failure
            $attempt.state = $(if ($failure.category -eq 'refused' -and -not $script:QsmCall.RecordWritten) { 'refused' } else { 'failed' })
        }
    }
    try {
        if ($Row.record -eq 'changes' -and $attempt.state -ne 'refused' -and -not $script:QsmCall.RecordWritten) {
            [void](Set-QsmRecord -MigrationId $Call.migration_id)
        }
        Write-QsmJson -Path $path -Value $entry
    } catch {
        # The act is over: whatever keeps it from being written down is no refusal.
        throw (ConvertTo-QsmFailure -Cause $_ -Id 'HostFailed' -Subject $Call.migration_id -Text 'outcome_not_written' -Value @{ operation = $Row.name })
    }
    if ($null -ne $failure) { throw (ConvertTo-QsmErrorRecord -Facts $failure) }
    $attempt.result
}
