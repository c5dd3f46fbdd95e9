function Get-QsmSourceRemoval {
    <#
    .SYNOPSIS
    Reports whether the removed VM is gone from the source, and no merge of its disks goes on.

    .DESCRIPTION
    Hyper-V merges the checkpoint of a removed VM into its disks, in the background. Left are: the VM while it is registered,
    each of its disk files that is being merged, and each differencing disk of our checkpoint. One that nobody merges a
    minute after the removal will stay, and is not waited for. Answers at once when nothing is left, else when something changes, or after the time given.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER WaitSeconds
    How long to wait for a change.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of SourceRemovalResult.

    .EXAMPLE
    Get-QsmSourceRemoval -VMId $VMId -MigrationId $MigrationId -WaitSeconds 10
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [double]$WaitSeconds = 0
    )

    $taken = @(Get-QsmOutcome -MigrationId $MigrationId -Operation 'take_checkpoint' -State 'done') | Select-Object -Last 1
    $leaves = @(if ($null -ne $taken) { $taken.result.disks | ForEach-Object { [string]$_.leaf.path } })
    $chains = @(Get-QsmSavedDisk -MigrationId $MigrationId | ForEach-Object { [string]$_.path })
    $removal = @(Get-QsmOutcome -MigrationId $MigrationId -Operation 'remove_source') | Select-Object -Last 1
    $since = if ($null -eq $removal) { [DateTime]::UtcNow } else { ([DateTime]$removal.at_utc).ToUniversalTime() }
    $question = {
        $vm = Get-QsmVMObject -VMId $VMId
        $remaining = @(if ($null -ne $vm) { Get-QsmText -Name 'left_vm' -Value @{ vm = $vm.Name } })
        $merging = @(Get-QsmStorageJob -Path $chains | ForEach-Object { $_.path })
        $remaining += @($merging | ForEach-Object { Get-QsmText -Name 'left_merge' -Value @{ path = $_ } })
        $late = ([DateTime]::UtcNow - $since).TotalSeconds -gt 60
        $remaining += @($leaves | Where-Object { (Test-Path -LiteralPath $_) -and -not (Test-QsmSameText -Text $_ -Other $merging) -and -not $late } | ForEach-Object { Get-QsmText -Name 'left_file' -Value @{ path = $_ } })
        [PSCustomObject][ordered]@{ done = $remaining.Count -eq 0; remaining = $remaining }
    }
    Wait-QsmChange -Question $question -Ended { $args[0].done } -Mark { $args[0].remaining -join ',' } -WaitSeconds $WaitSeconds
}
