function Use-QsmLock {
    <#
    .SYNOPSIS
    Runs a script block while this process alone changes a migration on this host.

    .DESCRIPTION
    Two calls may arrive side by side: the flow's and that of somebody who types abandon. Each reads, checks and acts as one,
    under a named mutex that all sessions of the computer see, SYSTEM's tasks too. A mutex whose owner was killed counts as
    taken: what its owner left half done is reported by the journal. Not had in time: Busy (refused, retryable).

    .PARAMETER MigrationId
    Id of the migration; empty for what concerns the whole host.

    .PARAMETER ScriptBlock
    What to run. Its output is passed on.

    .PARAMETER WaitSeconds
    How long to wait for the lock.

    .OUTPUTS
    System.Object

    .EXAMPLE
    Use-QsmLock -MigrationId $MigrationId -ScriptBlock { Set-QsmRecord -MigrationId $MigrationId }
    #>
    [CmdletBinding()]
    [OutputType([object])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$MigrationId,

        [Parameter(Mandatory = $true)]
        [scriptblock]$ScriptBlock,

        [ValidateRange(0, 3600)]
        [int]$WaitSeconds = $script:QsmLockWaitSeconds
    )

    $about = if ($MigrationId -eq '') { 'host' } else { $MigrationId }
    $mutex = New-Object -TypeName System.Threading.Mutex -ArgumentList $false, "Global\QSM-$env:COMPUTERNAME-$about"
    try {
        try {
            $taken = $mutex.WaitOne($WaitSeconds * 1000)
        } catch [System.Threading.AbandonedMutexException] {
            $taken = $true
        }
        if (-not $taken) {
            throw (New-QsmError -Id 'Busy' -Category 'refused' -Retryable -Text 'migration_busy' -Value @{ migration = $about; seconds = $WaitSeconds })
        }
        try {
            & $ScriptBlock
        } finally {
            $mutex.ReleaseMutex()
        }
    } finally {
        $mutex.Dispose()
    }
}
