function Start-QsmTask {
    <#
    .SYNOPSIS
    Registers the one-shot SYSTEM task of a piece of long work and starts it.

    .DESCRIPTION
    What runs in a WinRM shell dies with it, and BITS runs jobs only for accounts that are logged on, which SYSTEM always is.
    SYSTEM acts on the network as the computer account. The task has no trigger, so it runs once, and no time limit. Its
    priority is 4: the default of 7 means low priority for the disks too. Returns when the task runs or has written its
    state; neither within 30 s is an error (HostFailed).

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER Kind
    copy or merge.

    .PARAMETER Number
    Number of the work.

    .OUTPUTS
    None

    .EXAMPLE
    Start-QsmTask -MigrationId $MigrationId -Kind copy -Number 1 -Confirm:$false
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
        [int]$Number
    )

    $name = Get-QsmWorkName -MigrationId $MigrationId -Kind $Kind -Number $Number
    if (-not $PSCmdlet.ShouldProcess($name, 'Start the scheduled task')) { return }
    $script = Join-Path -Path $script:QsmModuleFolder -ChildPath 'Work.ps1' -Resolve
    $line = "-NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -File `"$script`" -Kind $Kind -MigrationId $MigrationId -Number $Number"
    $task = @{
        TaskName  = $name
        TaskPath  = '\QuickStorageMigration\'
        Action    = New-ScheduledTaskAction -Execute "$env:SystemRoot\System32\WindowsPowerShell\v1.0\powershell.exe" -Argument $line
        Principal = New-ScheduledTaskPrincipal -UserId 'S-1-5-18' -LogonType ServiceAccount -RunLevel Highest
        Settings  = New-ScheduledTaskSettingsSet -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries -MultipleInstances IgnoreNew -Priority 4 -ExecutionTimeLimit ([TimeSpan]::Zero)
    }
    [void](Register-ScheduledTask @task -Force -ErrorAction Stop)
    Start-ScheduledTask -TaskPath '\QuickStorageMigration\' -TaskName $name -ErrorAction Stop

    $paths = Get-QsmWorkPath -MigrationId $MigrationId -Kind $Kind -Number $Number
    $clock = [Diagnostics.Stopwatch]::StartNew()
    while ($clock.Elapsed.TotalSeconds -lt 30) {
        if ([string](Get-QsmTask -Name $name).State -eq 'Running' -or (Test-Path -LiteralPath $paths.state)) { return }
        Start-Sleep -Milliseconds 250
    }
    $code = [long](Get-ScheduledTaskInfo -TaskPath '\QuickStorageMigration\' -TaskName $name -ErrorAction Stop).LastTaskResult
    throw (New-QsmError -Id 'HostFailed' -Category failed -Subject $name -HResult $code -Facts @{ task = $name; last_task_result = $code } -Text 'task_does_not_run' -Value @{ name = $name; code = $code })
}
