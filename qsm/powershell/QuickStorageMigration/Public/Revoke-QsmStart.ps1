function Revoke-QsmStart {
    <#
    .SYNOPSIS
    Withdraws: writes that this target will not start the VM, if it provably never has.

    .DESCRIPTION
    The way back after handing over. The epoch is raised even where nothing was allowed yet, so that a call on its way cannot
    start anything later. The state of the VM is no proof, since it may have run and been saved again. Proof is: this target
    does not own it, no start is on record but refused ones, and state, disks and saved state are, byte for byte as far as
    can be told, those that import_vm recorded. Anything else, and any question without answer: MayHaveRun (refused,
    fact: reasons).

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER VMId
    Id of the VM.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of RecordResult.

    .EXAMPLE
    Revoke-QsmStart -MigrationId $id -VMId $VMId
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
    $reasons = @()
    if ($record.owner -eq 'target') { $reasons += 'the record says that the target owns the VM' }
    foreach ($start in @(Get-QsmOutcome -MigrationId $MigrationId -Operation 'start_vm' -State 'started', 'done', 'failed')) {
        $reasons += "start_vm was $($start.state) at $($start.at_utc)"
    }
    if ($reasons.Count -eq 0) {
        try {
            $reasons = @(Compare-QsmImportedVM -MigrationId $MigrationId -VMId $VMId)
        } catch {
            $reasons = @("the VM could not be compared: $($_.Exception.Message)")
        }
    }
    if ($reasons.Count -gt 0) {
        throw (New-QsmError -Id 'MayHaveRun' -Category 'refused' -Subject $record.vm_id -Facts @{ reasons = $reasons } -Message (
                "VM '$($record.vm_name)' may have run on $env:COMPUTERNAME, so it was not withdrawn: $($reasons -join '; '). Nothing was changed. " +
                'If it ran here, this copy is the one that holds its last writes.'))
    }
    if (-not $PSCmdlet.ShouldProcess($record.vm_name, 'Withdraw the permission to start')) { return }
    [PSCustomObject]@{ record = Set-QsmRecord -MigrationId $MigrationId -Change @{ epoch = $record.epoch + 1; owner = 'none'; direction = 'back' } }
}
