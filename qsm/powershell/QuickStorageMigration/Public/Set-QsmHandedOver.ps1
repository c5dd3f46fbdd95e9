function Set-QsmHandedOver {
    <#
    .SYNOPSIS
    Gives the VM out of the source's hands: from here the source does not start it.

    .DESCRIPTION
    The first of the acts by which a VM changes hands. Refused unless the source owns the VM (NotOwner), its saving is on
    record and it stands still at this very moment (NotStandingStill, fact: state). A VM that cannot be asked does not stand
    still. Handed over already: done.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER VMId
    Id of the VM.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of RecordResult.

    .EXAMPLE
    Set-QsmHandedOver -MigrationId $id -VMId $VMId
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [Parameter(Mandatory = $true)]
        [guid]$VMId
    )

    $record = Get-QsmRecord -MigrationId $MigrationId
    Assert-QsmVMOfRecord -Record $record -VMId $VMId
    if (@('source', 'handed over') -notcontains $record.owner) {
        throw (New-QsmOwnerError -Id 'NotOwner' -Record $record -Message 'The VM was not handed over: the source does not own it.')
    }
    $saved = @(Get-QsmOutcome -MigrationId $MigrationId -Operation 'save_vm' -State 'done').Count -gt 0
    try {
        $vm = Get-QsmVMObject -VMId $VMId
        $state = if ($null -ne $vm) { [string]$vm.State } else { 'Absent' }
    } catch {
        $state = "Unknown: $($_.Exception.Message)"
    }
    if (-not $saved -or @('Saved', 'Off') -notcontains $state) {
        $why = if ($saved) { "its state is '$state', not Saved or Off" } else { "no save_vm is done (its state is '$state')" }
        throw (New-QsmError -Id 'NotStandingStill' -Category 'refused' -Subject $record.vm_id -Facts @{ state = $state } -Message (
                "VM '$($record.vm_name)' on $env:COMPUTERNAME was not handed over: $why. Nothing was changed; the source owns it."))
    }
    if ($record.owner -eq 'handed over') { return [PSCustomObject]@{ record = Set-QsmRecord -MigrationId $MigrationId } }
    if (-not $PSCmdlet.ShouldProcess($record.vm_name, 'Hand the VM over')) { return }
    [PSCustomObject]@{ record = Set-QsmRecord -MigrationId $MigrationId -Change @{ owner = 'handed over' } }
}
