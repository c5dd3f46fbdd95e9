function Stop-QsmWork {
    <#
    .SYNOPSIS
    Ends all copies and merges of a migration on this host, with their tasks and BITS jobs.

    .DESCRIPTION
    Each is asked to stop by a file, since only SYSTEM may end SYSTEM's jobs: a task that runs sees it within a second; one
    that was killed and left jobs behind is started once more for this. A merge in progress is waited for as long as
    possible, then its task is ended. Work that has an end is only cleared of its task.

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

    if (-not $PSCmdlet.ShouldProcess($MigrationId, 'Stop all copies and merges')) { return }
    $before = @(Get-QsmWorkLeft -MigrationId $MigrationId | Select-Object -Unique)
    $asked = @()
    $works = @(Find-QsmWork -MigrationId $MigrationId)
    # All are asked first, so that they end side by side.
    foreach ($work in $works) {
        $jobs = @($before | Where-Object { $_ -like "$($work.name)-*" }).Count -gt 0
        if ($work.ended -and -not $jobs) { continue }
        if (Request-QsmWorkStop -MigrationId $MigrationId -Kind $work.kind -Number $work.number -Confirm:$false) { $asked += $work }
    }
    $clock = [Diagnostics.Stopwatch]::StartNew()
    foreach ($work in $asked) {
        $limit = [Math]::Max(5, 240 - $clock.Elapsed.TotalSeconds)
        Wait-QsmWorkStop -MigrationId $MigrationId -Kind $work.kind -Number $work.number -LimitSeconds $limit
    }
    foreach ($work in $works) { [void](Remove-QsmTask -Name $work.name -Confirm:$false) }
    $after = @(Get-QsmWorkLeft -MigrationId $MigrationId)
    [PSCustomObject]@{ stopped = @($before | Where-Object { $after -notcontains $_ } | Sort-Object) }
}
