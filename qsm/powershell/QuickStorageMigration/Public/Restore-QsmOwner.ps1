function Restore-QsmOwner {
    <#
    .SYNOPSIS
    Takes the VM back to the source after it was handed over and the target has withdrawn.

    .DESCRIPTION
    The epoch that the target wrote when it withdrew is the proof, and goes into the record. Only for a target that is
    destroyed for good there is an override: it stays in the record, with who says so and what may be lost. A VM that the
    source owns still is turned back; one that is neither the source's nor handed over: NotOwner (refused).

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER Epoch
    The target's epoch after withdrawing; null only with an override.

    .PARAMETER Override
    Who says that the target is destroyed, and what may be lost.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of RecordResult.

    .EXAMPLE
    Restore-QsmOwner -MigrationId $id -Epoch 2 -Override ''
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [Parameter(Mandatory = $true)]
        [AllowNull()]
        [Nullable[int]]$Epoch,

        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$Override
    )

    $record = Get-QsmRecord -MigrationId $MigrationId
    if ($null -eq $Epoch -and $Override.Trim() -eq '') {
        throw (New-QsmError -Id 'InvalidArgument' -Category 'refused' -Subject $record.vm_id -Text 'take_back_without_proof' -Value @{ vm = $record.vm_name })
    }
    if ($null -ne $Epoch -and $Epoch -lt 1) {
        throw (New-QsmError -Id 'InvalidArgument' -Category 'refused' -Subject $record.vm_id -Text 'take_back_epoch' -Value @{ vm = $record.vm_name; epoch = $Epoch })
    }
    if (@('handed over', 'source') -notcontains $record.owner) {
        throw (New-QsmOwnerError -Id 'NotOwner' -Record $record -Text 'take_back_not_handed_over')
    }
    $change = @{ owner = 'source'; direction = 'back' }
    if ($null -ne $Epoch) { $change.epoch = $Epoch }
    if ($Override.Trim() -ne '') { $change.end_text = $Override }
    if (-not $PSCmdlet.ShouldProcess($record.vm_name, 'Take the VM back')) { return }
    [PSCustomObject]@{ record = Set-QsmRecord -MigrationId $MigrationId -Change $change }
}
