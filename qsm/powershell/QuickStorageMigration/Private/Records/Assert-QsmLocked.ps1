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

    .PARAMETER Operation
    What is refused, for the message.

    .OUTPUTS
    None

    .EXAMPLE
    Assert-QsmLocked -Record $record -Operation 'start_vm'
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$Record,

        [Parameter(Mandatory = $true)]
        [string]$Operation
    )

    $lock = Get-QsmLockFact -VMId $Record.vm_id
    $why = ''
    if (@('home', 'forward') -contains $Record.end) {
        $why = Get-QsmText -Name 'why_ended' -Value @{ end = $Record.end }
    } elseif ($null -ne $lock) {
        if ($lock.migration_id -ne $Record.migration_id) { $why = Get-QsmText -Name 'why_locked' -Value @{ migration = $lock.migration_id; by = $lock.by; since_utc = $lock.since_utc } }
    } elseif (@(Get-QsmOutcome -MigrationId $Record.migration_id -Operation 'take_lock' -State 'done').Count -eq 0) {
        $why = Get-QsmText -Name 'why_never_locked'
    }
    if ($why -eq '') { return }
    throw (New-QsmError -Id 'NotOwner' -Category refused -Subject $Record.vm_id -Facts @{ owner = $Record.owner; epoch = $Record.epoch; end = $Record.end; lock = $lock } -Text 'not_this_migrations' -Value @{ operation = $Operation; vm = $Record.vm_name; migration = $Record.migration_id; why = $why })
}
