function Get-QsmCheckpointFact {
    <#
    .SYNOPSIS
    Returns the checkpoints of a VM, whoever made them.

    .DESCRIPTION
    Those of backup and replication count: their type says so.

    .PARAMETER VM
    The VM as Get-VM gives it.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of CheckpointFacts.

    .EXAMPLE
    Get-QsmCheckpointFact -VM (Get-QsmVMObject -VMId $VMId)
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM
    )

    foreach ($checkpoint in @(Get-VMSnapshot -VM $VM -ErrorAction Stop)) {
        [PSCustomObject][ordered]@{
            checkpoint_id = ([string]$checkpoint.Id).ToLowerInvariant()
            name          = [string]$checkpoint.Name
            type          = [string]$checkpoint.SnapshotType
        }
    }
}
