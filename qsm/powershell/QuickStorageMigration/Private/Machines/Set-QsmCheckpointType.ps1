function Set-QsmCheckpointType {
    <#
    .SYNOPSIS
    Puts a VM's type of checkpoint back, without letting trouble hide what came before.

    .DESCRIPTION
    The type is remembered by the migration too and restored at its end; so a failure here is only a warning.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER CheckpointType
    The type.

    .OUTPUTS
    None

    .EXAMPLE
    Set-QsmCheckpointType -VMId $VMId -CheckpointType Production -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [string]$CheckpointType
    )

    if (-not $PSCmdlet.ShouldProcess("$VMId", "Set the type of checkpoint to $CheckpointType")) { return }
    try {
        Set-VM -VM (Get-QsmVMObject -VMId $VMId -Required) -CheckpointType $CheckpointType -Confirm:$false -ErrorAction Stop
    } catch {
        Write-Warning -Message "The type of checkpoint of VM $VMId was not set back to $CheckpointType`: $($_.Exception.Message)"
    }
}
