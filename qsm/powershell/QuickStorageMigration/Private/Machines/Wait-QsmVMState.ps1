function Wait-QsmVMState {
    <#
    .SYNOPSIS
    Waits until a VM has a state and is at rest; returns it as it is then, or at the end of the time.

    .DESCRIPTION
    Cmdlets return while a state is still being reached. A VM that has been at rest in another state for 5 s will not reach it any
    more. The caller judges what it gets.

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
    $restsSince = $null
    while ($true) {
        $vm = Get-QsmVMObject -VMId $VMId -Required -Acted
        $now = $clock.Elapsed.TotalSeconds
        $rests = @(Get-QsmBusyStatus -VM $vm).Count -eq 0
        if ([string]$vm.State -eq $State -and $rests) { return $vm }
        if (-not $rests -or @('Running', 'Paused', 'Saved', 'Off') -notcontains [string]$vm.State) { $restsSince = $null }
        elseif ($null -eq $restsSince) { $restsSince = $now }
        if ($now -ge $LimitSeconds -or ($null -ne $restsSince -and $now - $restsSince -ge 5)) { return $vm }
        Start-Sleep -Milliseconds 250
    }
}
