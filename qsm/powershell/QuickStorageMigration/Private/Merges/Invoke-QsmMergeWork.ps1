function Invoke-QsmMergeWork {
    <#
    .SYNOPSIS
    Folds the copied differencing disks of one disk into its copied base: the part that runs as SYSTEM in the scheduled task.

    .DESCRIPTION
    The copied children still name the source's paths as their parents. Each is pointed at the one below, from the base up,
    and never with IgnoreIdMismatch: a mismatch means that the base is not the one that was frozen. Test-VHD looks at the
    whole chain. The base must have the length and contents that the source reported. Then the leaf is merged into the base, and
    children that Merge-VHD left, which are invalid from then on, are removed by path. Without children there are only the
    checks. The source's own chain is not touched by any of this.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER Number
    Index of the disk.

    .OUTPUTS
    None

    .EXAMPLE
    Invoke-QsmMergeWork -MigrationId $MigrationId -Number 0
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
    $name = Get-QsmWorkName -MigrationId $MigrationId -Kind merge -Number $Number
    $paths = Get-QsmWorkPath -MigrationId $MigrationId -Kind merge -Number $Number
    $request = Get-QsmWorkRequest -MigrationId $MigrationId -Kind merge -Number $Number
    $state = [PSCustomObject][ordered]@{ state = 'Running'; stage = ''; percent = 0; disk = $null; seconds = 0.0; error = $null }
    $stages = [ordered]@{
        parents = { Set-QsmDiskParent -Base $request.base -Child $request.children -Confirm:$false }
        checks  = { Assert-QsmBaseDisk -Request $request }
        merge   = { Merge-QsmDiskFile -Base $request.base -Child $request.children -Confirm:$false }
        proof   = { $state.disk = Get-QsmMergedDisk -Base $request.base -Child $request.children }
    }
    try {
        foreach ($stage in $stages.Keys) {
            if (Test-Path -LiteralPath $paths.stop) { $state.state = 'Stopped'; break }
            $state.stage = $stage
            Write-QsmWorkState -Path $paths.state -State $state -Clock $clock
            & $stages[$stage]
        }
        if ($state.state -eq 'Running') {
            $state.state = 'Done'
            $state.percent = 100
        }
    } catch {
        $failure = ConvertTo-QsmFailure -Cause $_ -Id 'MergeFailed' -Subject $request.base -Text 'merge_failed' -Value @{ base = $request.base; stage = $state.stage }
        $state.error = ConvertTo-QsmErrorFacts -ErrorRecord $failure -Operation $name -Changes
        $state.state = 'Failed'
    }
    Write-QsmWorkState -Path $paths.state -State $state -Clock $clock
}
