function Get-QsmCheckpoint {
    <#
    .SYNOPSIS
    Returns the checkpoints that a VM has at this moment, with what tells whose they are.

    .DESCRIPTION
    From WMI, since Get-VMSnapshot may show the list of 5 s ago. Oldest first.

    .PARAMETER VM
    The VM as Get-VM gives it.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: checkpoint_id, name, type, automatic, created_ticks.

    .EXAMPLE
    Get-QsmCheckpoint -VM (Get-QsmVMObject -VMId $VMId)
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM
    )

    $kinds = @{ 'Realized' = 'Standard'; 'Replica:Standard' = 'Replica'; 'Replica:ApplicationConsistent' = 'AppConsistentReplica' }
    $system = "Msvm_ComputerSystem.CreationClassName=`"Msvm_ComputerSystem`",Name=`"$($VM.Id.ToString().ToUpperInvariant())`""
    $query = "ASSOCIATORS OF {$system} WHERE AssocClass=Msvm_SnapshotOfVirtualSystem ResultClass=Msvm_VirtualSystemSettingData"
    foreach ($checkpoint in @(Invoke-QsmWmi -Namespace 'root\virtualization\v2' -Query $query | Sort-Object -Property CreationTime)) {
        if ($null -eq $checkpoint) { continue }
        $kind = [string]$checkpoint.VirtualSystemType -replace '\AMicrosoft:Hyper-V:Snapshot:', ''
        [PSCustomObject][ordered]@{
            checkpoint_id = ([string]$checkpoint.InstanceID -replace '\AMicrosoft:', '').ToLowerInvariant()
            name          = [string]$checkpoint.ElementName
            type          = $(if ($kinds.ContainsKey($kind)) { $kinds[$kind] } else { $kind })
            automatic     = [bool](Get-QsmProperty -InputObject $checkpoint -Name 'IsAutomaticSnapshot' -Default $false)
            created_ticks = ConvertFrom-QsmWmiTime -Text $checkpoint.CreationTime
        }
    }
}
