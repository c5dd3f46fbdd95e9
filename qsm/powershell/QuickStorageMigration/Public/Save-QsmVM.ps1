function Save-QsmVM {
    <#
    .SYNOPSIS
    Saves or shuts down the VM at the source: the offline window begins.

    .DESCRIPTION
    Looks at everything once more right before: VM here, in the state, exactly our checkpoint (or none) and the disks, every
    frozen base unchanged, nothing going on, room for the memory, or a guest that can be asked to shut down. Else WorldChanged
    or NoSpace (refused). Then the automatic start becomes Nothing, so that a restart of the host does not start it here, and
    it is saved, or shut down from within, or left as it stands; it is never turned off. Proof: state Saved, or Off. A failure
    after that is SaveFailed (failed).

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER Mode
    save, shutdown, or none for a VM that stands still already.

    .PARAMETER ExpectedState
    State that the VM must have.

    .PARAMETER ExpectedCheckpoint
    Id of our checkpoint, or null.

    .PARAMETER ExpectedDisks
    Slot and leaf of each disk it must have.

    .PARAMETER ExpectedBases
    Frozen files with the facts they must have.

    .PARAMETER ReserveBytes
    Free space to keep on the volumes of the saved memory and of its exported copy.

    .PARAMETER WaitLimitSeconds
    How long to wait for a shutdown or for the state to settle.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of SaveVMResult.

    .EXAMPLE
    Save-QsmVM -VMId $VMId -Mode save -ExpectedState Running -ExpectedCheckpoint $checkpointId -ExpectedDisks $leaves -ExpectedBases $bases -ReserveBytes 1GB -WaitLimitSeconds 600 -MigrationId $MigrationId -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [ValidateSet('save', 'shutdown', 'none')]
        [string]$Mode,

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$ExpectedState,

        [AllowNull()]
        [AllowEmptyString()]
        [string]$ExpectedCheckpoint = '',

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [object[]]$ExpectedDisks,

        [AllowEmptyCollection()]
        [object[]]$ExpectedBases = @(),

        [Parameter(Mandatory = $true)]
        [ValidateRange(0, [long]::MaxValue)]
        [long]$ReserveBytes,

        [Parameter(Mandatory = $true)]
        [ValidateRange(1, 3500)]
        [int]$WaitLimitSeconds,

        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    $clock = [Diagnostics.Stopwatch]::StartNew()
    $vm = Get-QsmVMObject -VMId $VMId -Required
    Assert-QsmVMAsExpected -VM $vm -State $ExpectedState -Checkpoint $ExpectedCheckpoint -Disk $ExpectedDisks -Act (Get-QsmText -Name 'act_stop')
    Assert-QsmFrozenDisk -Disk $ExpectedBases -Act (Get-QsmText -Name 'act_stop')
    if ($Mode -eq 'none' -and @('Saved', 'Off') -notcontains $ExpectedState) {
        throw (New-QsmError -Id 'WorldChanged' -Category refused -Subject "$VMId" -Facts @{ found = @{ state = $ExpectedState }; expected = @{ state = 'Saved or Off' } } -Text 'does_not_stand_still' -Value @{ vm = $vm.Name; state = $ExpectedState })
    }
    if ($Mode -eq 'shutdown') { Assert-QsmShutdown -VM $vm }
    if ($Mode -eq 'save') { Assert-QsmMemorySpace -VM $vm -ExportFolder (Get-QsmExportFolder -MigrationId $MigrationId -Required) -ReserveBytes $ReserveBytes }
    if (-not $PSCmdlet.ShouldProcess($vm.Name, "Stop for moving ($Mode)")) { return }
    try {
        Set-VM -VM $vm -AutomaticStartAction Nothing -Confirm:$false -ErrorAction Stop
        if ($Mode -eq 'save') { Save-VM -VM $vm -Confirm:$false -ErrorAction Stop }
        if ($Mode -eq 'shutdown') { Stop-QsmGuest -VMId $VMId -LimitSeconds $WaitLimitSeconds -Confirm:$false }
        $wanted = @{ save = 'Saved'; shutdown = 'Off'; none = $ExpectedState }[$Mode]
        $vm = Wait-QsmVMState -VMId $VMId -State $wanted -LimitSeconds $WaitLimitSeconds
        if ([string]$vm.State -ne $wanted) {
            throw (New-QsmError -Id 'SaveFailed' -Category failed -Subject "$VMId" -Facts @{ hresult = $null; state = [string]$vm.State } -Text 'save_other_state' -Value @{ vm = $vm.Name; state = $vm.State; expected = $wanted; seconds = [int]$clock.Elapsed.TotalSeconds })
        }
        $memory = @(Get-QsmSavedStateFile -VM $vm -Settled)
        $disks = @(Get-QsmVMDisk -VM $vm)
        $unread = $disks | Where-Object { $null -ne $_.error } | Select-Object -First 1
        if ($null -ne $unread) {
            throw (New-QsmError -Id 'SaveFailed' -Category failed -Subject $unread.path -Facts @{ hresult = $null; state = [string]$vm.State } -Text 'save_disk_unreadable' -Value @{ vm = $vm.Name; state = $vm.State; path = $unread.path; error = $unread.error })
        }
    } catch {
        $now = try { [string](Get-QsmVMObject -VMId $VMId).State } catch { 'unknown' }
        throw (ConvertTo-QsmFailure -Cause $_ -Id 'SaveFailed' -Subject "$VMId" -Facts @{ state = $now } -Text 'save_failed' -Value @{ vm = $vm.Name })
    }
    [PSCustomObject][ordered]@{
        state             = [string]$vm.State
        disks             = $disks
        saved_state_files = $memory
        seconds           = [Math]::Round($clock.Elapsed.TotalSeconds, 3)
    }
}
