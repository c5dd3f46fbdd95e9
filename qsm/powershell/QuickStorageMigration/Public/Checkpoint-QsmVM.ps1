function Checkpoint-QsmVM {
    <#
    .SYNOPSIS
    Takes a checkpoint of a VM, so that its disks are frozen and writes go to one differencing disk each.

    .DESCRIPTION
    Refused with WorldChanged unless the VM is in the state, has exactly the disks, no checkpoint and nothing to do. Where the
    host knows types of checkpoints the asked one is set and the former one restored. Proof: each disk is now a differencing
    file whose parent is the former path. A checkpoint that a killed call left is not adopted; that it can be told from
    others even without its name, the checkpoints before it and its own id are noted.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER Name
    Name of the checkpoint: "QSM <migration id>", by which it is found again (InvalidArgument otherwise).

    .PARAMETER CheckpointType
    Production (a standard one if the guest cannot), ProductionOnly or Standard; null where the host knows no types.

    .PARAMETER ExpectedState
    State that the VM must have.

    .PARAMETER ExpectedDisks
    Slot and path of each disk it must have.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of TakeCheckpointResult.

    .EXAMPLE
    Checkpoint-QsmVM -VMId $VMId -Name "QSM $MigrationId" -CheckpointType Production -ExpectedState Running -ExpectedDisks $disks -MigrationId $MigrationId -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [ValidateLength(1, 100)]
        [string]$Name,

        [AllowNull()]
        [AllowEmptyString()]
        [ValidateSet('Production', 'ProductionOnly', 'Standard', '')]
        [string]$CheckpointType = '',

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$ExpectedState,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [object[]]$ExpectedDisks,

        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    Assert-QsmCheckpointName -Name $Name -MigrationId $MigrationId
    $vm = Get-QsmVMObject -VMId $VMId -Required
    Assert-QsmVMAsExpected -VM $vm -State $ExpectedState -Checkpoint $null -Disk $ExpectedDisks -Act (Get-QsmText -Name 'act_checkpoint')
    if (-not $PSCmdlet.ShouldProcess($vm.Name, "Take the checkpoint '$Name'")) { return }
    $former = Get-QsmCheckpointType -Setting (Get-QsmVMSetting -VM $vm)
    $change = $CheckpointType -ne '' -and $null -ne $former -and $former -ne $CheckpointType
    try {
        try {
            if ($change) { Set-VM -VM $vm -CheckpointType $CheckpointType -Confirm:$false -ErrorAction Stop }
            $note = [ordered]@{ name = $Name; before = @(Get-QsmCheckpoint -VM $vm | ForEach-Object { $_.checkpoint_id }); made = $null; ticks = [DateTime]::UtcNow.Ticks }
            $notePath = Get-QsmCheckpointNote -MigrationId $MigrationId
            Write-QsmJson -Path $notePath -Value $note
            $checkpoint = Checkpoint-VM -VM $vm -SnapshotName $Name -Passthru -Confirm:$false -ErrorAction Stop
            $note.made = ([string]$checkpoint.Id).ToLowerInvariant()
            Write-QsmJson -Path $notePath -Value $note
            $pairs = @(Get-QsmFrozenPair -VMId $VMId -Former $ExpectedDisks)
        } finally {
            if ($change) { Set-QsmCheckpointType -VMId $VMId -CheckpointType $former -Confirm:$false }
        }
    } catch {
        throw (ConvertTo-QsmFailure -Cause $_ -Id 'CheckpointFailed' -Subject "$VMId" -Text 'checkpoint_failed' -Value @{ checkpoint = $Name; vm = $vm.Name })
    }
    [PSCustomObject][ordered]@{ checkpoint_id = ([string]$checkpoint.Id).ToLowerInvariant(); disks = $pairs }
}
