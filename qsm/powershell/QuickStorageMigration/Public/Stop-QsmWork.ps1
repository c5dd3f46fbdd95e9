function Stop-QsmWork {
    <#
    .SYNOPSIS
    Ends all copies and merges of a migration on this host, with their tasks and BITS jobs.

    .DESCRIPTION
    Each is asked to stop by a file, since only SYSTEM may end SYSTEM's jobs: a task that runs sees it within a second; one
    that was killed is started once more for this. A merge in progress is waited for as long as possible, then its task is
    ended. Work that has an end is only cleared of its task.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of StopWorkResult.

    .EXAMPLE
    Stop-QsmWork -MigrationId $MigrationId -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    $stopped = @()
    if ($PSCmdlet.ShouldProcess($MigrationId, 'Stop all copies and merges')) {
        $works = @(Find-QsmWork -MigrationId $MigrationId)
        # All are asked first, so that they end side by side.
        foreach ($work in @($works | Where-Object { -not $_.ended })) { Request-QsmWorkStop -MigrationId $MigrationId -Kind $work.kind -Number $work.number -Confirm:$false }
        $clock = [Diagnostics.Stopwatch]::StartNew()
        foreach ($work in $works) {
            if ($work.ended) {
                if (Remove-QsmTask -Name $work.name -Confirm:$false) { $stopped += $work.name }
                continue
            }
            $limit = [Math]::Max(5, 240 - $clock.Elapsed.TotalSeconds)
            $stopped += @(Wait-QsmWorkStop -MigrationId $MigrationId -Kind $work.kind -Number $work.number -LimitSeconds $limit)
        }
    }
    [PSCustomObject]@{ stopped = @($stopped | Sort-Object) }
}
