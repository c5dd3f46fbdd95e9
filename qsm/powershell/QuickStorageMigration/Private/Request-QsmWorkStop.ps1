function Request-QsmWorkStop {
    <#
    .SYNOPSIS
    Asks a piece of long work to stop.

    .DESCRIPTION
    Work that ends meanwhile is left as it is. A task that is dead is started again: it sees the wish at once, ends the jobs that it
    finds, and writes the end.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER Kind
    copy or merge.

    .PARAMETER Number
    Number of the work.

    .PARAMETER Jobs
    BITS jobs of it are left, even if it has told its end: it is run once more, and ends as Stopped.

    .OUTPUTS
    None

    .EXAMPLE
    Request-QsmWorkStop -MigrationId $MigrationId -Kind copy -Number 1 -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [Parameter(Mandatory = $true)]
        [ValidateSet('copy', 'merge')]
        [string]$Kind,

        [Parameter(Mandatory = $true)]
        [int]$Number,

        [switch]$Jobs
    )

    $name = Get-QsmWorkName -MigrationId $MigrationId -Kind $Kind -Number $Number
    $paths = Get-QsmWorkPath -MigrationId $MigrationId -Kind $Kind -Number $Number
    if (-not $PSCmdlet.ShouldProcess($name, 'Ask to stop')) { return }
    Write-QsmJson -Path $paths.stop -Value @{ at_utc = Get-QsmUtcNow }
    $task = Get-QsmTask -Name $name
    if ($null -ne $task -and @('Running', 'Queued') -contains [string]$task.State) { return }
    if (Test-QsmWorkEnded -State (Read-QsmJson -Path $paths.state)) {
        # It may have ended just now, with its jobs.
        if (-not $Jobs -or @(Get-QsmWorkLeft -MigrationId $MigrationId | Where-Object { $_ -like "$name-*" }).Count -eq 0) { return }
        Remove-Item -LiteralPath $paths.state -Force -Confirm:$false -ErrorAction Stop
    }
    Start-QsmTask -MigrationId $MigrationId -Kind $Kind -Number $Number -Confirm:$false
}
