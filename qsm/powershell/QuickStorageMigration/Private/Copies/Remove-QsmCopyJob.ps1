function Remove-QsmCopyJob {
    <#
    .SYNOPSIS
    Ends the BITS jobs of a copy; what they have fetched so far is thrown away.

    .DESCRIPTION
    Runs in the SYSTEM task: only the owner may end jobs that were made at system integrity. A job that cannot be ended does not
    keep the others from it, and is left to the next attempt.

    .PARAMETER Name
    Name of the copy's task.

    .OUTPUTS
    None

    .EXAMPLE
    Remove-QsmCopyJob -Name "qsm-$MigrationId-copy-1" -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Name
    )

    try {
        $jobs = @(Get-QsmCopyJob -Name $Name)
    } catch {
        Write-Warning -Message "The BITS jobs of $Name could not be looked for: $($_.Exception.Message)"
        return
    }
    foreach ($job in $jobs) {
        if (-not $PSCmdlet.ShouldProcess($job.DisplayName, 'End the BITS job')) { continue }
        try {
            Remove-BitsTransfer -BitsJob $job -Confirm:$false -ErrorAction Stop
        } catch {
            Write-Warning -Message "The BITS job $($job.DisplayName) could not be ended: $($_.Exception.Message)"
        }
    }
}
