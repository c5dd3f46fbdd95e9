function Set-QsmHandedOver {
    <#
    .SYNOPSIS
    Gives the VM out of the source's hands: from here the source does not start it.

    .DESCRIPTION
    The first of the acts by which a VM changes hands. Refused unless the source owns the VM (NotOwner), its saving is on
    record and it stands at this very moment as the save left it, state and disks (NotStandingStill, facts: state, reasons).
    A VM that cannot be asked does not stand still. Handed over already: done.

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
    if (@('source', 'handed over') -notcontains $record.owner) {
        throw (New-QsmOwnerError -Id 'NotOwner' -Record $record -Text 'hand_over_not_owner')
    }
    $state = 'Unknown'
    try {
        $vm = Get-QsmVMObject -VMId $VMId
        $state = if ($null -ne $vm) { [string]$vm.State } else { 'Absent' }
        $reasons = @(Compare-QsmSavedVM -MigrationId $MigrationId -VM $vm)
    } catch {
        $reasons = @(Get-QsmText -Name 'why_not_looked_at' -Value @{ cause = Get-QsmCause -ErrorRecord $_ })
    }
    if ($reasons.Count -gt 0) {
        throw (New-QsmError -Id 'NotStandingStill' -Category 'refused' -Subject $record.vm_id -Facts @{ state = $state; reasons = $reasons } -Text 'not_standing_still' -Value @{ vm = $record.vm_name; reasons = $reasons -join '; ' })
    }
    if ($record.owner -eq 'handed over') { return [PSCustomObject]@{ record = Set-QsmRecord -MigrationId $MigrationId } }
    if (-not $PSCmdlet.ShouldProcess($record.vm_name, 'Hand the VM over')) { return }
    [PSCustomObject]@{ record = Set-QsmRecord -MigrationId $MigrationId -Change @{ owner = 'handed over' } }
}
