function Stop-QsmGuest {
    <#
    .SYNOPSIS
    Shuts a VM down from within, for a limited time.

    .DESCRIPTION
    Stop-VM without -TurnOff asks the guest's integration services; -Force spares the question that nobody could answer. It has no
    time limit, so it runs as a job of this process and the state is watched. Not Off in time is SaveFailed (failed): the
    guest may still be on its way down. It is never turned off.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER LimitSeconds
    How long to wait.

    .OUTPUTS
    None

    .EXAMPLE
    Stop-QsmGuest -VMId $VMId -LimitSeconds 600 -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [int]$LimitSeconds
    )

    if (-not $PSCmdlet.ShouldProcess("$VMId", 'Shut the guest down')) { return }
    $job = Stop-VM -VM (Get-QsmVMObject -VMId $VMId -Required -Acted) -Force -AsJob -Confirm:$false -ErrorAction Stop
    $clock = [Diagnostics.Stopwatch]::StartNew()
    while ($clock.Elapsed.TotalSeconds -lt $LimitSeconds) {
        $state = [string](Get-QsmVMObject -VMId $VMId -Required -Acted).State
        if ($state -eq 'Off') { return }
        if ([string](Get-QsmProperty -InputObject $job -Name 'State' -Default '') -eq 'Failed') {
            $reason = Get-QsmProperty -InputObject (Get-QsmProperty -InputObject $job -Name 'JobStateInfo') -Name 'Reason'
            throw (New-QsmError -Id 'SaveFailed' -Category failed -Subject "$VMId" -Facts @{ hresult = $null; state = $state } -Text 'shutdown_not_taken' -Value @{ vm_id = $VMId; state = $state; reason = $reason })
        }
        Start-Sleep -Milliseconds 500
    }
    throw (New-QsmError -Id 'SaveFailed' -Category failed -Subject "$VMId" -Facts @{ hresult = $null; state = $state } -Text 'shutdown_not_in_time' -Value @{ vm_id = $VMId; seconds = $LimitSeconds; state = $state })
}
