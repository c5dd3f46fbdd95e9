function Get-QsmCopy {
    <#
    .SYNOPSIS
    Reports how far a copy is.

    .DESCRIPTION
    Answers at once if it has ended, else when its state or the state of a file changes, or after the time given. Bytes that
    went over are no change: they are reported with the answer. The task of a copy that ended is removed.

    .PARAMETER Number
    Number of the copy.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER WaitSeconds
    How long to wait for a change.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of GetCopyResult.

    .EXAMPLE
    Get-QsmCopy -Number 1 -MigrationId $MigrationId -WaitSeconds 10
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

    $request = Get-QsmWorkRequest -MigrationId $MigrationId -Kind copy -Number $Number
    $files = @($request.files | ForEach-Object { New-QsmCopyProgress -File $_ })
    $question = {
        $empty = [PSCustomObject]@{ state = 'Starting'; files = $files; seconds = 0.0; error = $null }
        Get-QsmWork -MigrationId $MigrationId -Kind copy -Number $Number -Empty $empty
    }
    $mark = { @($args[0].state) + @($args[0].files | ForEach-Object { $_.job_state }) -join '/' }
    $state = Wait-QsmChange -Question $question -Ended { Test-QsmWorkEnded -State $args[0] } -Mark $mark -WaitSeconds $WaitSeconds
    [PSCustomObject][ordered]@{
        state   = $state.state
        files   = @($state.files)
        volume  = Get-QsmVolumeFact -Path @($request.files)[0].destination -Known
        seconds = [double]$state.seconds
        error   = $state.error
    }
}
