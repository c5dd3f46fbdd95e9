function Get-QsmTask {
    <#
    .SYNOPSIS
    Finds the scheduled tasks of this project.

    .DESCRIPTION
    They lie under \QuickStorageMigration\. That there are none is not an error. A task that vanishes while Windows lists them
    hides all others behind an error of the same category, so that one is asked again.

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

    for ($try = 1; $true; $try++) {
        try {
            $tasks = @(Get-ScheduledTask -TaskPath '\QuickStorageMigration\' -ErrorAction Stop)
            break
        } catch {
            if ($_.FullyQualifiedErrorId -like 'CmdletizationQuery_NotFound*') { return }
            if ($_.CategoryInfo.Category -ne 'ObjectNotFound' -or $try -ge 5) { throw }
        }
    }
    $tasks | Where-Object { $Name -eq '' -or $_.TaskName -eq $Name }
}
