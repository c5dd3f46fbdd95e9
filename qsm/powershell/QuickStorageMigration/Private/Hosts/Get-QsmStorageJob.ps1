function Get-QsmStorageJob {
    <#
    .SYNOPSIS
    Returns which of some disk files Hyper-V is merging now, and how far it is.

    .DESCRIPTION
    "Msvm_StorageJob class": Child is the file that is merged; JobState 2 to 6 is alive.

    .PARAMETER Path
    Full paths of the files.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: path, percent.

    .EXAMPLE
    Get-QsmStorageJob -Path 'E:\VMs\disk_0F1E.avhdx'
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [string[]]$Path
    )

    if ($Path.Count -eq 0) { return }
    foreach ($job in @(Invoke-QsmWmi -Namespace 'root\virtualization\v2' -Class 'Msvm_StorageJob')) {
        if ($null -eq $job -or [int]$job.JobState -lt 2 -or [int]$job.JobState -gt 6) { continue }
        $child = [string](Get-QsmProperty -InputObject $job -Name 'Child' -Default '')
        if (Test-QsmSameText -Text $child -Other $Path) { [PSCustomObject]@{ path = $child; percent = [int](Get-QsmProperty -InputObject $job -Name 'PercentComplete' -Default 0) } }
    }
}
