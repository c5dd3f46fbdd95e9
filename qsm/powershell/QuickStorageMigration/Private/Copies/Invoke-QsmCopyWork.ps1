function Invoke-QsmCopyWork {
    <#
    .SYNOPSIS
    Does a copy: the part that runs as SYSTEM in the scheduled task.

    .DESCRIPTION
    One BITS download job per file, all at once. The state file is written at least each second. A file that has come is put
    in place and compared with the length and time that the source reported. It ends when all files are Verified, when a job
    fails, when the destination volume falls below the reserve, or when somebody asks it to stop; the last three end all jobs.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER Number
    Number of the copy.

    .OUTPUTS
    None

    .EXAMPLE
    Invoke-QsmCopyWork -MigrationId $MigrationId -Number 1
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [Parameter(Mandatory = $true)]
        [int]$Number
    )

    $clock = [Diagnostics.Stopwatch]::StartNew()
    $name = Get-QsmWorkName -MigrationId $MigrationId -Kind copy -Number $Number
    $paths = Get-QsmWorkPath -MigrationId $MigrationId -Kind copy -Number $Number
    $request = Get-QsmWorkRequest -MigrationId $MigrationId -Kind copy -Number $Number
    $state = [PSCustomObject][ordered]@{
        state   = 'Starting'
        files   = @($request.files | ForEach-Object { New-QsmCopyProgress -File $_ })
        seconds = 0.0
        error   = $null
    }
    Write-QsmWorkState -Path $paths.state -State $state -Clock $clock
    try {
        if (-not (Test-Path -LiteralPath $paths.stop)) { Start-QsmCopyJob -MigrationId $MigrationId -Number $Number -File $request.files -Confirm:$false }
        $state.state = 'Running'
        while ($state.state -eq 'Running') {
            if (Test-Path -LiteralPath $paths.stop) {
                $state.state = 'Stopped'
                break
            }
            Update-QsmCopyProgress -MigrationId $MigrationId -Number $Number -File $request.files -Progress $state.files -Confirm:$false
            if (@($state.files | Where-Object { $_.job_state -ne 'Verified' }).Count -eq 0) { $state.state = 'Done' }
            else { Assert-QsmReserve -File $request.files -ReserveBytes $request.reserve_bytes }
            if ($state.state -eq 'Running') {
                Write-QsmWorkState -Path $paths.state -State $state -Clock $clock
                Start-Sleep -Milliseconds 500
            }
        }
    } catch {
        $failure = ConvertTo-QsmFailure -Cause $_ -Id 'CopyFailed' -Subject $name -Text 'copy_failed' -Value @{ name = $name }
        $state.error = ConvertTo-QsmErrorFacts -ErrorRecord $failure -Operation 'copy' -Changes
        $state.state = 'Failed'
    }
    if ($state.state -ne 'Done') { Remove-QsmCopyJob -Name $name -Confirm:$false }
    Write-QsmWorkState -Path $paths.state -State $state -Clock $clock
}
