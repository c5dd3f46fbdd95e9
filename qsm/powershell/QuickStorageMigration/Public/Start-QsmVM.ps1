function Start-QsmVM {
    <#
    .SYNOPSIS
    Starts the VM on the host that owns it. This is the only function that starts a VM.

    .DESCRIPTION
    Refused unless the record of this very host grants it: on the source the owner must be source; on the target it must be
    "may start" with the epoch given, or target (NotOwner, EpochStale). A VM that runs is done. A paused one is resumed on the
    source. If Hyper-V refuses and the VM is provably as before (same state, same disks, same saved memory), StartRefused
    (refused); if not, HostFailed (failed). Start-VM takes a checkpoint first where the VM is off and takes automatic ones: that
    setting is off meanwhile, and what is killed in between is put back with the other settings. With -Suspend it is suspended again, as it was before it moved.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER Epoch
    The target's epoch; null on the source.

    .PARAMETER Suspend
    Suspend it once it runs.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of VMStateResult.

    .EXAMPLE
    Start-QsmVM -VMId $VMId -Epoch 1 -Suspend $false -MigrationId $MigrationId -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [AllowNull()]
        [Nullable[int]]$Epoch = $null,

        [bool]$Suspend = $false,

        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    $record = Get-QsmRecord -MigrationId $MigrationId
    Assert-QsmMayStart -Record $record -VMId $VMId -Epoch $Epoch
    $vm = Get-QsmVMObject -VMId $VMId -Required
    $state = [string]$vm.State
    if (-not $PSCmdlet.ShouldProcess($vm.Name, 'Start the VM')) { return }
    $stays = $state -eq 'Running' -or ($state -eq 'Paused' -and ($Suspend -or $record.role -ne 'source'))
    if (-not $stays) {
        $before = Get-QsmStandingMark -VM $vm
        $automatic = $state -eq 'Off' -and [bool](Get-QsmProperty -InputObject (Get-QsmVMSetting -VM $vm) -Name 'AutomaticSnapshotsEnabled' -Default $false)
        try {
            if ($automatic) { Set-VM -VM $vm -AutomaticCheckpointsEnabled $false -Confirm:$false -ErrorAction Stop }
            if ($state -eq 'Paused') { Resume-VM -VM $vm -Confirm:$false -ErrorAction Stop } else { Start-VM -VM $vm -Confirm:$false -ErrorAction Stop }
        } catch {
            throw (Get-QsmStartError -VMId $VMId -Cause $_ -Before $before)
        } finally {
            if ($automatic) { Set-QsmAutomaticCheckpoint -VMId $VMId -Confirm:$false }
        }
        $vm = Wait-QsmVMRunning -VMId $VMId -LimitSeconds 600
    }
    if ($Suspend -and [string]$vm.State -eq 'Running') {
        Suspend-VM -VM $vm -Confirm:$false -ErrorAction Stop
        $vm = Wait-QsmVMState -VMId $VMId -State 'Paused' -LimitSeconds 120
    }
    [PSCustomObject][ordered]@{ state = [string]$vm.State; uptime_seconds = [double]$vm.Uptime.TotalSeconds }
}
