function Get-QsmVMDisk {
    <#
    .SYNOPSIS
    Returns the disks of a VM with their chains.

    .DESCRIPTION
    A disk whose chain cannot be read keeps its place in the answer, with an empty chain and the reason. A physical disk
    (DiskNumber set) and a shared one have no chain to move.

    .PARAMETER VM
    The VM as Get-VM gives it.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of VMDisk.

    .EXAMPLE
    Get-QsmVMDisk -VM (Get-QsmVMObject -VMId $VMId)
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM
    )

    foreach ($drive in @(Get-VMHardDiskDrive -VM $VM -ErrorAction Stop)) {
        $path = [string]$drive.Path
        $physical = $null -ne (Get-QsmProperty -InputObject $drive -Name 'DiskNumber')
        $shared = [bool](Get-QsmProperty -InputObject $drive -Name 'SupportPersistentReservations' -Default $false) -or $path -like '*.vhds'
        $chain = @()
        $trouble = $null
        if ($path -eq '') {
            $trouble = 'The drive has no disk.'
        } elseif (-not $physical -and $path -notlike '*.vhds') {
            try {
                $chain = @(Get-QsmDiskChain -Path $path)
            } catch {
                $chain = @()
                $trouble = $_.Exception.Message
            }
        }
        $tracking = @(foreach ($file in $chain) { "$($file.path).rct", "$($file.path).mrt" | Where-Object { Test-Path -LiteralPath $_ } })
        [PSCustomObject][ordered]@{
            slot            = Get-QsmDriveSlot -Drive $drive
            path            = $path
            pass_through    = $physical
            shared          = $shared
            chain           = $chain
            error           = $trouble
            change_tracking = $tracking
        }
    }
}
