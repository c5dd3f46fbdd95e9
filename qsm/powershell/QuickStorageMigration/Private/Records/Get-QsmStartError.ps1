function Get-QsmStartError {
    <#
    .SYNOPSIS
    Makes the error of a start that Hyper-V did not do.

    .DESCRIPTION
    StartRefused (refused) if the VM is provably as before; HostFailed (failed) if anything differs or cannot be seen: then it
    may have run.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER Cause
    The error of Start-VM or Resume-VM.

    .PARAMETER Before
    What Get-QsmStandingMark reported before.

    .OUTPUTS
    System.Management.Automation.ErrorRecord

    .EXAMPLE
    throw (Get-QsmStartError -VMId $VMId -Cause $_ -Before $before)
    #>
    [CmdletBinding()]
    [OutputType([System.Management.Automation.ErrorRecord])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [System.Management.Automation.ErrorRecord]$Cause,

        [Parameter(Mandatory = $true)]
        [string]$Before
    )

    $state = 'unknown'
    $same = $false
    try {
        $vm = Get-QsmVMObject -VMId $VMId -Required
        $state = [string]$vm.State
        $same = (Get-QsmStandingMark -VM $vm) -ceq $Before
    } catch {
        Write-Verbose -Message "The VM cannot be looked at after the refused start: $($_.Exception.Message)"
    }
    $number = Get-QsmHResult -ErrorRecord $Cause
    if ($same) {
        return New-QsmError -Id 'StartRefused' -Category refused -Subject "$VMId" -HResult $number -Facts @{ state = $state; hresult = $number } -Text 'start_refused' -Value @{ vm_id = $VMId; state = $state; cause = Get-QsmCause -ErrorRecord $Cause }
    }
    New-QsmError -Id 'HostFailed' -Category failed -Subject "$VMId" -HResult $number -Facts @{ state = $state; hresult = $number } -Text 'start_failed' -Value @{ vm_id = $VMId; state = $state; cause = Get-QsmCause -ErrorRecord $Cause }
}
