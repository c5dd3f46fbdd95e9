function Get-QsmSavedDisk {
    <#
    .SYNOPSIS
    Returns the disk files that the VM had when it was saved or shut down at the source.

    .DESCRIPTION
    From the result of save_vm in the journal. None if it was not saved: then nothing may be removed.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of DiskFile.

    .EXAMPLE
    Get-QsmSavedDisk -MigrationId $MigrationId
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    $saved = @(Get-QsmOutcome -MigrationId $MigrationId -Operation 'save_vm' -State 'done') | Select-Object -Last 1
    if ($null -eq $saved) { return }
    foreach ($disk in @($saved.result.disks)) { $disk.chain }
}
