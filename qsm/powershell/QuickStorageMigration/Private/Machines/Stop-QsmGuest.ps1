function Stop-QsmGuest {
    <#
    .SYNOPSIS
    Shuts a VM down from within, for a limited time.

    .DESCRIPTION
    Not by Stop-VM: where the guest cannot be asked, that asks whether to turn the VM off, and -Force and -AsJob answer yes. The
    shutdown component is asked itself, without force, so that the guest may refuse: InitiateShutdown never turns anything
    off. A refusal, and a guest that is not Off in time, are SaveFailed (failed): the guest may still be on its way down.

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
    $found = Get-QsmShutdownComponent -VMId $VMId
    $code = if ($null -eq $found.component) { -1 } else { [long](Invoke-QsmWmi -InputObject $found.component -Method 'InitiateShutdown' -Argument @{ Force = $false; Reason = 'Quick Storage Migration' }).ReturnValue }
    $clock = [Diagnostics.Stopwatch]::StartNew()
    while ($true) {
        $state = [string](Get-QsmVMObject -VMId $VMId -Required -Acted).State
        if ($state -eq 'Off') { return }
        if (@(0, 4096) -notcontains $code) {
            throw (New-QsmError -Id 'SaveFailed' -Category failed -Subject "$VMId" -Facts @{ hresult = $null; return_value = $code; state = $state } -Text 'shutdown_not_taken' -Value @{ vm_id = $VMId; state = $state; status = $found.status; code = $code })
        }
        if ($clock.Elapsed.TotalSeconds -ge $LimitSeconds) { break }
        Start-Sleep -Milliseconds 250
    }
    throw (New-QsmError -Id 'SaveFailed' -Category failed -Subject "$VMId" -Facts @{ hresult = $null; state = $state } -Text 'shutdown_not_in_time' -Value @{ vm_id = $VMId; seconds = $LimitSeconds; state = $state })
}
