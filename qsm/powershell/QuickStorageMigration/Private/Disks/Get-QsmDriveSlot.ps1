function Get-QsmDriveSlot {
    <#
    .SYNOPSIS
    Returns where a drive sits in its VM, like "SCSI 0:1".

    .DESCRIPTION
    Controller type, controller number and location are the one key of a disk that stays the same through an import.

    .PARAMETER Drive
    A drive as Get-VMHardDiskDrive gives it.

    .OUTPUTS
    System.String

    .EXAMPLE
    Get-VMHardDiskDrive -VM $vm | ForEach-Object { Get-QsmDriveSlot -Drive $_ }
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$Drive
    )

    "$($Drive.ControllerType) $($Drive.ControllerNumber):$($Drive.ControllerLocation)"
}
