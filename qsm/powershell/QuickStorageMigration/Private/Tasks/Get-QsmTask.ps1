function Get-QsmTask {
    <#
    .SYNOPSIS
    Finds the scheduled tasks of this project.

    .DESCRIPTION
    They lie under \QuickStorageMigration\. That there are none is not an error.

    .PARAMETER Name
    Only the one with this name.

    .OUTPUTS
    A task as Get-ScheduledTask gives it.

    .EXAMPLE
    Get-QsmTask -Name (Get-QsmWorkName -MigrationId $MigrationId -Kind copy -Number 1)
    #>
    [CmdletBinding()]
    [OutputType([object])]
    param(
        [string]$Name = ''
    )

    try {
        $tasks = @(Get-ScheduledTask -TaskPath '\QuickStorageMigration\' -ErrorAction Stop)
    } catch {
        if ($_.CategoryInfo.Category -eq 'ObjectNotFound') { return }
        throw
    }
    $tasks | Where-Object { $Name -eq '' -or $_.TaskName -eq $Name }
}
