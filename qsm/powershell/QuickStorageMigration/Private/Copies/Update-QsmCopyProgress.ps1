function Update-QsmCopyProgress {
    <#
    .SYNOPSIS
    Looks at the BITS jobs of a copy, puts finished files in place and proves them.

    .DESCRIPTION
    BITS calls a file by its name only when its job is completed. Then length and time must be those that the source reported
    (CopyAltered otherwise). A job in error, or one that is gone, is CopyFailed.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER Number
    Number of the copy.

    .PARAMETER File
    The files of the request.

    .PARAMETER Progress
    Their progress, in the same order; it is brought up to date.

    .OUTPUTS
    None

    .EXAMPLE
    Update-QsmCopyProgress -MigrationId $MigrationId -Number 1 -File $request.files -Progress $state.files -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [Parameter(Mandatory = $true)]
        [int]$Number,

        [Parameter(Mandatory = $true)]
        [object[]]$File,

        [Parameter(Mandatory = $true)]
        [object[]]$Progress
    )

    $name = Get-QsmWorkName -MigrationId $MigrationId -Kind copy -Number $Number
    $jobs = @(Get-QsmCopyJob -Name $name)
    for ($index = 0; $index -lt $File.Count; $index++) {
        $one = $Progress[$index]
        if ($one.job_state -eq 'Verified') { continue }
        $job = $jobs | Where-Object { $_.DisplayName -eq "$name-$index" } | Select-Object -First 1
        if ($null -eq $job) {
            throw (New-QsmError -Id 'CopyFailed' -Category failed -Subject $one.destination -Facts @{ path = $one.destination } -Text 'job_gone' -Value @{ name = $name; index = $index; path = $one.destination })
        }
        $one.job_state = [string]$job.JobState
        $one.bytes_transferred = [long][Math]::Min([decimal]$job.BytesTransferred, [decimal]$one.bytes_total)
        if ($one.job_state -eq 'Error') { throw (Get-QsmCopyJobError -Job $job -Path $one.destination) }
        if ($one.job_state -ne 'Transferred' -or -not $PSCmdlet.ShouldProcess($one.destination, 'Complete')) { continue }
        Add-QsmMadeFile -MigrationId $MigrationId -Number $Number -Path $one.destination
        Complete-BitsTransfer -BitsJob $job -Confirm:$false -ErrorAction Stop
        $one.job_state = 'Acknowledged'
        Assert-QsmCopiedFile -File $File[$index]
        $one.job_state = 'Verified'
        $one.bytes_transferred = $one.bytes_total
    }
}
