function Get-QsmCheckpointFact {
    <#
    .SYNOPSIS
    Returns the checkpoints of a VM, whoever made them.

    .DESCRIPTION
    Those of backup and replication count: their type says so. As they are at this moment, oldest first.

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

    Get-QsmCheckpoint -VM $VM | Select-Object -Property checkpoint_id, name, type
}
