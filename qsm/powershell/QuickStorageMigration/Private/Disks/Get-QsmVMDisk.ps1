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

    foreach ($drive in @(Get-QsmDrive -VM $VM)) {
        $path = $drive.path
        $chain = @()
        $trouble = $null
        if ($path -eq '') {
            $trouble = 'The drive has no disk.'
        } elseif (-not $drive.pass_through -and $path -notlike '*.vhds') {
            try {
                $chain = @(Get-QsmDiskChain -Path $path)
            } catch {
                $chain = @()
                $trouble = $_.Exception.Message
            }
        }
        $tracking = @(foreach ($file in $chain) { "$($file.path).rct", "$($file.path).mrt" | Where-Object { Test-Path -LiteralPath $_ } })
        [PSCustomObject][ordered]@{
            slot            = $drive.slot
            path            = $path
            pass_through    = $drive.pass_through
            shared          = $drive.shared
            chain           = $chain
            error           = $trouble
            change_tracking = $tracking
        }
    }
}
