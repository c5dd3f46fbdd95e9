function Start-QsmCopyJob {
    <#
    .SYNOPSIS
    Creates the BITS jobs of a copy, or goes on with those that a killed task left.

    .DESCRIPTION
    Jobs outlive the task and a restart of the host. One of this copy that fetches the same file and is not in error is kept. Any
    other job of this migration that writes to one of the same destinations is ended first. Foreground has no limit of
    bandwidth and runs beside others; 60 s is the shortest interval that BITS retries at, and after an hour without
    progress a job fails instead of waiting for the fortnight that is the default.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER Number
    Number of the copy.

    .PARAMETER File
    The files of the request.

    .OUTPUTS
    None

    .EXAMPLE
    Start-QsmCopyJob -MigrationId $MigrationId -Number 1 -File $request.files -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [Parameter(Mandatory = $true)]
        [int]$Number,

        [Parameter(Mandatory = $true)]
        [object[]]$File
    )

    $name = Get-QsmWorkName -MigrationId $MigrationId -Kind copy -Number $Number
    if (-not $PSCmdlet.ShouldProcess($name, "Create $($File.Count) BITS jobs")) { return }
    $destinations = @($File | ForEach-Object { $_.destination })
    $kept = @()
    foreach ($job in @(Get-QsmCopyJob -Name "qsm-$MigrationId-copy")) {
        $part = @($job.FileList)[0]
        $index = [array]::IndexOf($destinations, [string]$part.LocalName)
        $alive = @('Queued', 'Connecting', 'Transferring', 'TransientError', 'Transferred') -contains [string]$job.JobState
        if ($index -ge 0 -and $alive -and $job.DisplayName -eq "$name-$index" -and (Test-QsmSameText -Text $part.RemoteName -Other $File[$index].source)) {
            $kept += $index
        } elseif ((Test-QsmSameText -Text $part.LocalName -Other $destinations) -or $job.DisplayName -like "$name-*") {
            Remove-BitsTransfer -BitsJob $job -Confirm:$false -ErrorAction Stop
        }
    }
    for ($index = 0; $index -lt $File.Count; $index++) {
        if ($kept -contains $index) { continue }
        $job = @{
            Source        = $File[$index].source
            Destination   = $File[$index].destination
            DisplayName   = "$name-$index"
            TransferType  = 'Download'
            Priority      = 'Foreground'
            RetryInterval = 60
            RetryTimeout  = 3600
        }
        [void](Start-BitsTransfer @job -Asynchronous -Confirm:$false -ErrorAction Stop)
    }
}
