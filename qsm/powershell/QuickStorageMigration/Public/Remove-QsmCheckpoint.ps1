function Remove-QsmCheckpoint {
    <#
    .SYNOPSIS
    Begins to remove our checkpoint, so that the differencing disks are merged back.

    .DESCRIPTION
    Only checkpoints that are provably ours; the name must be that of the migration (InvalidArgument otherwise), and the owner
    source (NotOwner otherwise): while the VM is handed over, the source stays as it is. None is done.
    Remove-VMSnapshot returns before the merge has ended: Get-QsmCheckpointRemoval reports that.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER Name
    Name of our checkpoint.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    None

    .EXAMPLE
    Remove-QsmCheckpoint -VMId $VMId -Name "QSM $MigrationId" -MigrationId $MigrationId -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Name,

        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    Assert-QsmCheckpointName -Name $Name -MigrationId $MigrationId
    $record = Get-QsmRecord -MigrationId $MigrationId
    if ($record.owner -ne 'source') {
        throw (New-QsmOwnerError -Id 'NotOwner' -Record $record -Text 'checkpoint_left_alone')
    }
    $vm = Get-QsmVMObject -VMId $VMId -Required
    foreach ($checkpoint in @(Get-QsmOwnCheckpoint -VM $vm -Name $Name -MigrationId $MigrationId)) {
        if ($PSCmdlet.ShouldProcess($vm.Name, "Remove the checkpoint '$($checkpoint.name)'")) { Remove-VMSnapshot -VMSnapshot (Get-VMSnapshot -Id $checkpoint.checkpoint_id -ErrorAction Stop) -Confirm:$false -ErrorAction Stop }
    }
}
