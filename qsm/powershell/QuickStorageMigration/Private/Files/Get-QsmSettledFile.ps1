function Get-QsmSettledFile {
    <#
    .SYNOPSIS
    Returns the facts of files once they stand still: what is compared with them later must not change by itself.

    .DESCRIPTION
    Hyper-V's service may hold a file of a VM after its job has ended, and write it once more; Windows may tell the time of such a
    file late. A file that nobody has open for writing is reported at once. Another one is watched until its length and time
    have not changed for a second. HostFailed (failed) if that does not come.

    .PARAMETER Path
    Full paths of the files. One that is not there is not reported.

    .PARAMETER LimitSeconds
    How long one file may take.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of FileFacts.

    .EXAMPLE
    Get-QsmSettledFile -Path $paths
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [string[]]$Path,

        [int]$LimitSeconds = 30
    )

    foreach ($one in $Path) {
        $clock = [Diagnostics.Stopwatch]::StartNew()
        $file = Get-QsmFileFact -Path $one
        $since = if ($null -eq $file) { [TimeSpan]::Zero } else { [TimeSpan]::FromTicks($file.last_write_ticks - [DateTime]::UtcNow.Ticks) }
        while ($null -ne $file -and (Test-QsmFileWritten -Path $one)) {
            $now = Get-QsmFileFact -Path $one
            if ($null -eq $now -or $now.length_bytes -ne $file.length_bytes -or $now.last_write_ticks -ne $file.last_write_ticks) { $since = $clock.Elapsed }
            $file = $now
            if (($clock.Elapsed - $since).TotalSeconds -ge 1) { break }
            if ($clock.Elapsed.TotalSeconds -ge $LimitSeconds) {
                throw (New-QsmError -Id 'HostFailed' -Category failed -Subject $one -Facts @{ path = $one } -Text 'file_not_settled' -Value @{ path = $one; seconds = $LimitSeconds })
            }
            Start-Sleep -Milliseconds 50
        }
        Get-QsmFileFact -Path $one
    }
}
