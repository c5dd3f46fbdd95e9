function Assert-QsmLocked {
    <#
    .SYNOPSIS
    Refuses to act on a VM that is not this migration's to act on.

    .DESCRIPTION
    NotOwner (refused) unless the migration has not ended here and the lock on its VM is its own. After it ended, or while
    another migration holds the lock, its record may say that this host owns the VM although it runs elsewhere by now. A
    lock that is simply gone was ours if it was ever taken, since nobody else could have it meanwhile.

    .PARAMETER Record
    The record of the migration on this host.

    .PARAMETER Act
    What is refused, for the message.

    .OUTPUTS
    None

    .EXAMPLE
    Assert-QsmLocked -Record $record -Act 'start_vm'
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$Record,

        [Parameter(Mandatory = $true)]
        [string]$Act
    )

    $lock = Get-QsmLockFact -VMId $Record.vm_id
    $why = ''
    if (@('home', 'forward') -contains $Record.end) {
        $why = "it has ended ($($Record.end))"
    } elseif ($null -ne $lock) {
        if ($lock.migration_id -ne $Record.migration_id) { $why = "the VM is locked by migration $($lock.migration_id) ($($lock.by), since $($lock.since_utc))" }
    } elseif (@(Get-QsmOutcome -MigrationId $Record.migration_id -Operation 'take_lock' -State 'done').Count -eq 0) {
        $why = 'it has not locked the VM'
    }
    if ($why -eq '') { return }
    throw (New-QsmError -Id 'NotOwner' -Category refused -Subject $Record.vm_id -Facts @{ owner = $Record.owner; epoch = $Record.epoch; end = $Record.end; lock = $lock } -Message (
            "$Act was refused: the VM is not this migration's to act on, $why. Nothing was changed."))
}
