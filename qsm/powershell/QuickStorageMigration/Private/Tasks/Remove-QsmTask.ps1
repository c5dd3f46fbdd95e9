function Remove-QsmTask {
    <#
    .SYNOPSIS
    Removes the scheduled task of a piece of long work, ending it first if it still runs.

    .DESCRIPTION
    Returns whether there was one.

    .PARAMETER Name
    Name of the task.

    .OUTPUTS
    System.Boolean

    .EXAMPLE
    Remove-QsmTask -Name (Get-QsmWorkName -MigrationId $MigrationId -Kind copy -Number 1) -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Name
    )

    $task = Get-QsmTask -Name $Name
    if ($null -eq $task) { return $false }
    if (-not $PSCmdlet.ShouldProcess($Name, 'Remove the scheduled task')) { return $false }
    if (@('Running', 'Queued') -contains [string]$task.State) { Stop-ScheduledTask -TaskPath '\QuickStorageMigration\' -TaskName $Name -ErrorAction Stop }
    Unregister-ScheduledTask -TaskPath '\QuickStorageMigration\' -TaskName $Name -Confirm:$false -ErrorAction Stop
    $true
}
