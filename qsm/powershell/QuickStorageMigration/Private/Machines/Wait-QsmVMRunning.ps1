function Wait-QsmVMRunning {
    <#
    .SYNOPSIS
    Waits until a VM that was started runs.

    .DESCRIPTION
    Start-VM may return while the memory is still being restored. A VM that does not come to run in time is HostFailed
    (failed): it may have run.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER LimitSeconds
    How long to wait.

    .OUTPUTS
    Microsoft.HyperV.PowerShell.VirtualMachine

    .EXAMPLE
    $vm = Wait-QsmVMRunning -VMId $VMId -LimitSeconds 600
    #>
    [CmdletBinding()]
    [OutputType([object])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [int]$LimitSeconds
    )

    $clock = [Diagnostics.Stopwatch]::StartNew()
    while ($true) {
        $vm = Get-QsmVMObject -VMId $VMId -Required -Acted
        if ([string]$vm.State -eq 'Running') { return $vm }
        if ($clock.Elapsed.TotalSeconds -ge $LimitSeconds) {
            throw (New-QsmError -Id 'HostFailed' -Category failed -Subject "$VMId" -Facts @{ state = [string]$vm.State } -Text 'not_running_in_time' -Value @{ vm = $vm.Name; state = $vm.State; seconds = $LimitSeconds })
        }
        Start-Sleep -Milliseconds 250
    }
}
