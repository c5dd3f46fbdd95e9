function Set-QsmAutomaticCheckpoint {
    <#
    .SYNOPSIS
    Switches the automatic checkpoints of a VM on again, without letting trouble hide what came before.

    .DESCRIPTION
    The setting is remembered by the migration too and restored at its end; so a failure here is only a warning.

    .PARAMETER VMId
    Id of the VM.

    .OUTPUTS
    None

    .EXAMPLE
    Set-QsmAutomaticCheckpoint -VMId $VMId -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId
    )

    if (-not $PSCmdlet.ShouldProcess("$VMId", 'Switch automatic checkpoints on')) { return }
    try {
        Set-VM -VM (Get-QsmVMObject -VMId $VMId -Required) -AutomaticCheckpointsEnabled $true -Confirm:$false -ErrorAction Stop
    } catch {
        Write-Warning -Message "Automatic checkpoints of VM $VMId were not switched on again: $($_.Exception.Message)"
    }
}
