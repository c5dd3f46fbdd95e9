function Get-QsmCheckpointRemoval {
    <#
    .SYNOPSIS
    Reports whether our checkpoint is gone for good and the disks are as before.

    .DESCRIPTION
    Done when no checkpoint of ours is left, nothing goes on, each disk is its base again, none is differencing, and no
    leaf file exists. Answers at once when that is so, else when something changes, or after the time given.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER Name
    Name of our checkpoint.

    .PARAMETER Bases
    Slot and path of each disk before the checkpoint.

    .PARAMETER Leaves
    Full paths of the differencing disks.

    .PARAMETER WaitSeconds
    How long to wait for a change.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of CheckpointRemovalResult.

    .EXAMPLE
    Get-QsmCheckpointRemoval -VMId $VMId -Name "QSM $MigrationId" -Bases $bases -Leaves @($leaf) -WaitSeconds 10 -MigrationId $MigrationId
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Name,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [object[]]$Bases,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [string[]]$Leaves,

        [double]$WaitSeconds = 0,

        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    $question = {
        $vm = Get-QsmVMObject -VMId $VMId -Required
        $remaining = @(Get-QsmRemainingCheckpoint -VM $vm -Name $Name -MigrationId $MigrationId -Base $Bases -Leaf $Leaves)
        [PSCustomObject][ordered]@{
            done               = $remaining.Count -eq 0
            state              = [string]$vm.State
            operational_status = @(Get-QsmOperationalStatus -VM $vm)
            remaining          = $remaining
            volumes            = @()
        }
    }
    $mark = { "$($args[0].state) $($args[0].operational_status -join ',') $($args[0].remaining -join ',')" }
    $answer = Wait-QsmChange -Question $question -Ended { $args[0].done } -Mark $mark -WaitSeconds $WaitSeconds
    $answer.volumes = @(Get-QsmVolumeFact -Path @($Bases | ForEach-Object { $_.path }))
    $answer
}
