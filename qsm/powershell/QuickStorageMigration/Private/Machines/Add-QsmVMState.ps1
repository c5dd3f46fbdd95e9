function Add-QsmVMState {
    <#
    .SYNOPSIS
    Puts on a VM, as the cmdlets give it, the state and the operational status that it has at this moment.

    .DESCRIPTION
    The cmdlets take both from a cache of their process, up to 5 s old, and another VM object has the same one: "not busy" and
    "saved" would be proved by the past. So they come from WMI: State is EnabledState, Critical where HealthState is not 5, and
    OperationalStatus the names of VMOperationalStatus (10 and 15, stopped and dormant, count as Ok). A number that nobody
    here knows stays a number, and no state that one waits for. A VM that WMI lacks is HostFailed (failed).

    .PARAMETER VM
    The VM as Get-VM gives it.

    .PARAMETER System
    Its Msvm_ComputerSystem, where the caller has just asked for it.

    .OUTPUTS
    Microsoft.HyperV.PowerShell.VirtualMachine

    .EXAMPLE
    Add-QsmVMState -VM (Get-VM -Id $VMId)
    #>
    [CmdletBinding()]
    [OutputType([object])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM,

        [object]$System = $null
    )

    $states = @{
        1 = 'Other'; 2 = 'Running'; 3 = 'Off'; 4 = 'Stopping'; 6 = 'Saved'; 9 = 'Paused'; 10 = 'Starting'; 11 = 'Reset'; 32773 = 'Saving'; 32776 = 'Pausing'
        32777 = 'Resuming'; 32779 = 'FastSaved'; 32780 = 'FastSaving'; 32781 = 'ForceShutdown'; 32782 = 'ForceReboot'; 32783 = 'Hibernated'; 32784 = 'ComponentServicing'
    }
    $statuses = @{
        2 = 'Ok'; 3 = 'Degraded'; 5 = 'PredictiveFailure'; 10 = 'Ok'; 11 = 'InService'; 15 = 'Ok'; 16 = 'SupportingEntityInError'; 32768 = 'CreatingSnapshot'
        32769 = 'ApplyingSnapshot'; 32770 = 'DeletingSnapshot'; 32771 = 'WaitingToStart'; 32772 = 'MergingDisks'; 32773 = 'ExportingVirtualMachine'
        32774 = 'MigratingVirtualMachine'; 32776 = 'BackingUpVirtualMachine'; 32777 = 'ModifyingUpVirtualMachine'; 32778 = 'StorageMigrationPhaseOne'
        32779 = 'StorageMigrationPhaseTwo'; 32780 = 'MigratingPlannedVm'; 32781 = 'CheckingCompatibility'; 32782 = 'ApplicationCriticalState'
        32783 = 'CommunicationTimedOut'; 32784 = 'CommunicationFailed'; 32795 = 'CriticalIoError'
    }
    $now = $System
    if ($null -eq $now) {
        $filter = "Name='$($VM.Id.ToString().ToUpperInvariant())'"
        $now = Invoke-QsmWmi -Namespace 'root\virtualization\v2' -Class 'Msvm_ComputerSystem' -Filter $filter | Select-Object -First 1
    }
    if ($null -eq $now) { throw (New-QsmError -Id 'HostFailed' -Category failed -Subject $VM.Id.ToString() -Text 'vm_gone' -Value @{ vm_id = $VM.Id }) }
    $number = [int]$now.EnabledState
    $state = if ($states.ContainsKey($number)) { $states[$number] } else { "$number" }
    if ([int]$now.HealthState -ne 5) { $state = "$($state)Critical" }
    $status = @(foreach ($one in @($now.OperationalStatus)) { if ($null -ne $one) { if ($statuses.ContainsKey([int]$one)) { $statuses[[int]$one] } else { "$one" } } })
    Add-Member -InputObject $VM -MemberType NoteProperty -Name 'State' -Value $state -Force
    Add-Member -InputObject $VM -MemberType NoteProperty -Name 'OperationalStatus' -Value $status -Force -PassThru
}
