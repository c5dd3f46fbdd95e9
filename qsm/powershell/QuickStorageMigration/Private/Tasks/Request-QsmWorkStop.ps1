function Request-QsmWorkStop {
    <#
    .SYNOPSIS
    Asks a piece of long work to stop, and reports whether there is an end to wait for.

    .DESCRIPTION
    A task that runs sees the wish. One that does not run and has left BITS jobs, even if it has written its end, is run once more: it
    ends the jobs that it finds, and writes the end. Without either nothing goes on, and no task is started for it: this may be a
    host that forbids them.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER Kind
    copy or merge.

    .PARAMETER Number
    Number of the work.

    .OUTPUTS
    System.Boolean

    .EXAMPLE
    Request-QsmWorkStop -MigrationId $MigrationId -Kind copy -Number 1 -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [Parameter(Mandatory = $true)]
        [ValidateSet('copy', 'merge')]
        [string]$Kind,

        [Parameter(Mandatory = $true)]
        [int]$Number
    )

    $name = Get-QsmWorkName -MigrationId $MigrationId -Kind $Kind -Number $Number
    $paths = Get-QsmWorkPath -MigrationId $MigrationId -Kind $Kind -Number $Number
    if (-not $PSCmdlet.ShouldProcess($name, 'Ask to stop')) { return $false }
    Write-QsmJson -Path $paths.stop -Value @{ at_utc = Get-QsmUtcNow }
    $task = Get-QsmTask -Name $name
    if ($null -ne $task -and @('Running', 'Queued') -contains [string]$task.State) { return $true }
    if (@(Get-QsmWorkLeft -MigrationId $MigrationId | Where-Object { $_ -like "$name-*" }).Count -eq 0) { return $false }
    if (Test-QsmWorkEnded -State (Read-QsmJson -Path $paths.state)) { Remove-Item -LiteralPath $paths.state -Force -Confirm:$false -ErrorAction Stop }
    Start-QsmTask -MigrationId $MigrationId -Kind $Kind -Number $Number -Confirm:$false
    $true
}
