function Get-QsmOutcome {
    <#
    .SYNOPSIS
    Returns what became of the operations of a migration on this host: its journal.

    .DESCRIPTION
    One OperationOutcome per attempt, in the order in which they were started. States: started (no end: nobody knows), done,
    refused (nothing was changed), failed (something may have been). No journal: nothing. The attempt of the call that runs
    is among them, as started.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER Operation
    Only those of this operation.

    .PARAMETER State
    Only those in one of these states.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of OperationOutcome.

    .EXAMPLE
    $saved = @(Get-QsmOutcome -MigrationId $MigrationId -Operation 'save_vm' -State 'done') | Select-Object -Last 1
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [string]$Operation = '',

        [ValidateSet('started', 'done', 'refused', 'failed')]
        [string[]]$State = @('started', 'done', 'refused', 'failed')
    )

    $folder = Join-Path -Path (Get-QsmMigrationFolder -MigrationId $MigrationId) -ChildPath 'operations'
    try {
        $files = @(Get-ChildItem -LiteralPath $folder | Where-Object { $_.Name -match '\A[0-9a-f]{64}\.json\z' })
    } catch [System.Management.Automation.ItemNotFoundException] {
        return
    }
    $outcomes = foreach ($file in $files) {
        $entry = Read-QsmJson -Path $file.FullName
        if ($null -eq $entry -or ($Operation -ne '' -and $entry.operation -ne $Operation)) { continue }
        foreach ($attempt in @($entry.attempts)) {
            if ($State -notcontains $attempt.state) { continue }
            [PSCustomObject][ordered]@{
                operation = $entry.operation
                subject   = $entry.subject
                attempt   = $attempt.attempt
                state     = $attempt.state
                at_utc    = $attempt.at_utc
                arguments = $attempt.arguments
                result    = $attempt.result
                error     = $attempt.error
            }
        }
    }
    $outcomes | Sort-Object -Property at_utc, operation, subject, attempt
}
