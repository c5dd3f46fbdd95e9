function Save-QsmVM {
    <#
    .SYNOPSIS
    Brings the VM to a stand at the source: the offline window begins.

    .DESCRIPTION
    Looks at everything once more right before: VM here, in the state, exactly our checkpoint (or none) and the disks, every
    frozen base unchanged, nothing going on, room for the memory. Else WorldChanged or NoSpace (refused). Then the automatic
    start becomes Nothing, so that a restart of the host does not start it here, and it is saved, or shut down from within,
    or left as it stands. Proof: state Saved, or Off. A failure after that is SaveFailed (failed).

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
    Free space to keep on the volume of the saved memory.

    .PARAMETER WaitLimitSeconds
    How long to wait for a shutdown or for the state to settle.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of SaveVMResult.

    .EXAMPLE
    Save-QsmVM -VMId $VMId -Mode save -ExpectedState Running -ExpectedCheckpoint $checkpointId -ExpectedDisks $leaves -ExpectedBases $bases -ReserveBytes 1GB -WaitLimitSeconds 600 -Confirm:$false
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
        [int]$WaitLimitSeconds
    )

    $clock = [Diagnostics.Stopwatch]::StartNew()
    $vm = Get-QsmVMObject -VMId $VMId -Required
    Assert-QsmVMAsExpected -VM $vm -State $ExpectedState -Checkpoint $ExpectedCheckpoint -Disk $ExpectedDisks -Act 'stop it for moving'
    Assert-QsmFrozenDisk -Disk $ExpectedBases -Act 'stop the VM'
    if ($Mode -eq 'none' -and @('Saved', 'Off') -notcontains $ExpectedState) {
        throw (New-QsmError -Id 'WorldChanged' -Category refused -Subject "$VMId" -Facts @{ found = @{ state = $ExpectedState }; expected = @{ state = 'Saved or Off' } } -Message "VM '$($vm.Name)' on $env:COMPUTERNAME is $ExpectedState and does not stand still, so it cannot be moved as it lies.")
    }
    if ($Mode -eq 'save') { Assert-QsmMemorySpace -VM $vm -ReserveBytes $ReserveBytes }
    if (-not $PSCmdlet.ShouldProcess($vm.Name, "Stop for moving ($Mode)")) { return }
    try {
        Set-VM -VM $vm -AutomaticStartAction Nothing -Confirm:$false -ErrorAction Stop
        if ($Mode -eq 'save') { Save-VM -VM $vm -Confirm:$false -ErrorAction Stop }
        if ($Mode -eq 'shutdown') { Stop-QsmGuest -VMId $VMId -LimitSeconds $WaitLimitSeconds -Confirm:$false }
        $wanted = @{ save = 'Saved'; shutdown = 'Off'; none = $ExpectedState }[$Mode]
        $vm = Wait-QsmVMState -VMId $VMId -State $wanted -LimitSeconds $WaitLimitSeconds
        if ([string]$vm.State -ne $wanted) {
            throw (New-QsmError -Id 'SaveFailed' -Category failed -Subject "$VMId" -Facts @{ hresult = $null; state = [string]$vm.State } -Message (
                    "VM '$($vm.Name)' on $env:COMPUTERNAME is $($vm.State) instead of $wanted after $([int]$clock.Elapsed.TotalSeconds) s. Its automatic start is off."))
        }
        $disks = @(Get-QsmVMDisk -VM $vm)
        $unread = $disks | Where-Object { $null -ne $_.error } | Select-Object -First 1
        if ($null -ne $unread) {
            throw (New-QsmError -Id 'SaveFailed' -Category failed -Subject $unread.path -Facts @{ hresult = $null; state = [string]$vm.State } -Message "VM '$($vm.Name)' on $env:COMPUTERNAME is $($vm.State), but its disk '$($unread.path)' cannot be read: $($unread.error)")
        }
    } catch {
        $now = try { [string](Get-QsmVMObject -VMId $VMId).State } catch { 'unknown' }
        throw (ConvertTo-QsmFailure -Cause $_ -Id 'SaveFailed' -Subject "$VMId" -Facts @{ state = $now } -Message "VM '$($vm.Name)' on $env:COMPUTERNAME was not brought to a stand. It may run, or stand; its automatic start is off.")
    }
    [PSCustomObject][ordered]@{
        state             = [string]$vm.State
        disks             = $disks
        saved_state_files = @(Get-QsmSavedStateFile -VM $vm)
        seconds           = [Math]::Round($clock.Elapsed.TotalSeconds, 3)
    }
}
