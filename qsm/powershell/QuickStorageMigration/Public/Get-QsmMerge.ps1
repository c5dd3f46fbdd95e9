function Get-QsmMerge {
    <#
    .SYNOPSIS
    Reports how far the preparation of one copied disk is.

    .DESCRIPTION
    Answers at once if it has ended, else when its stage changes, or after the time given. While Merge-VHD works the percentage
    comes from Hyper-V's own job. The task of a merge that ended is removed.

    .PARAMETER Number
    Index of the disk.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER WaitSeconds
    How long to wait for a change.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of GetMergeResult.

    .EXAMPLE
    Get-QsmMerge -Number 0 -MigrationId $MigrationId -WaitSeconds 10
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [int]$Number,

        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [double]$WaitSeconds = 0
    )

    $request = Get-QsmWorkRequest -MigrationId $MigrationId -Kind merge -Number $Number
    $question = {
        $empty = [PSCustomObject]@{ state = 'Starting'; stage = ''; percent = 0; disk = $null; seconds = 0.0; error = $null }
        Get-QsmWork -MigrationId $MigrationId -Kind merge -Number $Number -Empty $empty
    }
    $state = Wait-QsmChange -Question $question -Ended { Test-QsmWorkEnded -State $args[0] } -Mark { "$($args[0].state)/$($args[0].stage)" } -WaitSeconds $WaitSeconds
    $percent = [int]$state.percent
    if ($state.state -eq 'Running' -and $state.stage -eq 'merge') {
        $jobs = @(Get-QsmStorageJob -Path $request.children)
        if ($jobs.Count -gt 0) { $percent = [int]$jobs[0].percent }
    }
    [PSCustomObject][ordered]@{
        state   = $state.state
        stage   = [string]$state.stage
        percent = $percent
        disk    = $state.disk
        seconds = [double]$state.seconds
        error   = $state.error
    }
}
