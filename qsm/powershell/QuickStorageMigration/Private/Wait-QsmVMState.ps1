function Wait-QsmVMState {
    <#
    .SYNOPSIS
    Waits until a VM has a state and is at rest; returns it as it is then, or at the end of the time.

    .DESCRIPTION
    Cmdlets return while a state is still being reached. The caller judges what it gets.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER State
    The state to wait for.

    .PARAMETER LimitSeconds
    How long to wait.

    .OUTPUTS
    Microsoft.HyperV.PowerShell.VirtualMachine

    .EXAMPLE
    $vm = Wait-QsmVMState -VMId $VMId -State Saved -LimitSeconds 600
    #>
    [CmdletBinding()]
    [OutputType([object])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [string]$State,

        [Parameter(Mandatory = $true)]
        [int]$LimitSeconds
    )

    $clock = [Diagnostics.Stopwatch]::StartNew()
    while ($true) {
        $vm = Get-QsmVMObject -VMId $VMId -Required -Acted
        if ([string]$vm.State -eq $State -and @(Get-QsmBusyStatus -VM $vm).Count -eq 0) { return $vm }
        if ($clock.Elapsed.TotalSeconds -ge $LimitSeconds) { return $vm }
        Start-Sleep -Milliseconds 250
    }
}
