function Revoke-QsmStart {
    <#
    .SYNOPSIS
    Withdraws: writes that this target will not start the VM, if it provably never has.

    .DESCRIPTION
    The way back after handing over. The epoch is raised even where nothing was allowed yet, so that a call on its way cannot
    start anything later. The state of the VM is no proof, since it may have run and been saved again. Proof is: this target
    does not own it, no start is on record but refused ones, and state, disks and saved state are, byte for byte as far as
    can be found out, those that import_vm recorded. Anything else, and any question without answer: MayHaveRun (refused,
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
    if ($record.owner -eq 'target') { $reasons += Get-QsmText -Name 'why_target_owns' }
    foreach ($start in @(Get-QsmOutcome -MigrationId $MigrationId -Operation 'start_vm' -State 'started', 'done', 'failed')) {
        $reasons += Get-QsmText -Name 'why_start_on_record' -Value @{ state = $start.state; at_utc = $start.at_utc }
    }
    if ($reasons.Count -eq 0) {
        try {
            $reasons = @(Compare-QsmImportedVM -MigrationId $MigrationId -VMId $VMId)
        } catch {
            $reasons = @(Get-QsmText -Name 'why_not_compared' -Value @{ cause = Get-QsmCause -ErrorRecord $_ })
        }
    }
    if ($reasons.Count -gt 0) {
        throw (New-QsmError -Id 'MayHaveRun' -Category 'refused' -Subject $record.vm_id -Facts @{ reasons = $reasons } -Text 'may_have_run' -Value @{ vm = $record.vm_name; reasons = $reasons -join '; ' })
    }
    if (-not $PSCmdlet.ShouldProcess($record.vm_name, 'Withdraw the permission to start')) { return }
    [PSCustomObject]@{ record = Set-QsmRecord -MigrationId $MigrationId -Change @{ epoch = $record.epoch + 1; owner = 'none'; direction = 'back' } }
}
