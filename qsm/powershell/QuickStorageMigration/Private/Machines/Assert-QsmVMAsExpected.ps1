function Assert-QsmVMAsExpected {
    <#
    .SYNOPSIS
    Refuses to act on a VM that is not as its migration left it: backups, administrators and restarts interfere.

    .DESCRIPTION
    State, checkpoints, the leaf of each disk, and an operational status of nothing but Ok: everything that differs is reported at
    once in WorldChanged (refused), with what was found and what was expected under the same names.

    .PARAMETER VM
    The VM as Get-VM gives it.

    .PARAMETER State
    The state it must have.

    .PARAMETER Checkpoint
    Id of the one checkpoint it must have; null or empty for none.

    .PARAMETER Disk
    Slot and path of each disk it must have, and no other.

    .PARAMETER Act
    What was to be done, for the message.

    .OUTPUTS
    None

    .EXAMPLE
    Assert-QsmVMAsExpected -VM $vm -State 'Running' -Checkpoint $null -Disk $expected -Act 'take a checkpoint'
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM,

        [Parameter(Mandatory = $true)]
        [string]$State,

        [Parameter(Mandatory = $true)]
        [AllowNull()]
        [AllowEmptyString()]
        [string]$Checkpoint,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [object[]]$Disk,

        [Parameter(Mandatory = $true)]
        [string]$Act
    )

    $found = [ordered]@{
        state       = [string]$VM.State
        checkpoints = @(Get-QsmCheckpointFact -VM $VM | ForEach-Object { $_.checkpoint_id } | Sort-Object)
        disks       = @(Get-QsmDrive -VM $VM | ForEach-Object { "$($_.slot) $($_.path)" } | Sort-Object)
        status      = @(Get-QsmOperationalStatus -VM $VM)
    }
    $expected = [ordered]@{
        state       = $State
        checkpoints = @(if ($Checkpoint) { $Checkpoint })
        disks       = @($Disk | ForEach-Object { "$($_.slot) $($_.path)" } | Sort-Object)
        status      = @('Ok')
    }
    $facts = @{ found = [ordered]@{}; expected = [ordered]@{} }
    $wrong = @(foreach ($name in $found.Keys) {
            if (-not (Test-QsmSameText -Text (@($found[$name]) -join "`n") -Other (@($expected[$name]) -join "`n"))) {
                $facts.found[$name] = $found[$name]
                $facts.expected[$name] = $expected[$name]
                Get-QsmText -Name 'difference' -Value @{ what = $name; found = @($found[$name]) -join ', '; expected = @($expected[$name]) -join ', ' }
            }
        })
    if ($wrong.Count -eq 0) { return }
    throw (New-QsmError -Id 'WorldChanged' -Category refused -Subject $VM.Id.ToString() -Facts $facts -Text 'not_as_expected' -Value @{ vm = $VM.Name; reasons = $wrong -join '; '; act = $Act })
}
