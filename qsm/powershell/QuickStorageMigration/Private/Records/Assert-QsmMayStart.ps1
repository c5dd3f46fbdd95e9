function Assert-QsmMayStart {
    <#
    .SYNOPSIS
    Refuses to start a VM that this host does not own.

    .DESCRIPTION
    NotOwner or EpochStale (refused), with the owner and epoch of the record.

    .PARAMETER Record
    The record of the migration on this host.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER Epoch
    The epoch given; null on the source.

    .OUTPUTS
    None

    .EXAMPLE
    Assert-QsmMayStart -Record $record -VMId $VMId -Epoch 1
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$Record,

        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [AllowNull()]
        [Nullable[int]]$Epoch
    )

    $facts = @{ owner = $Record.owner; epoch = $Record.epoch }
    $told = @{ vm = $Record.vm_name; role = $Record.role; migration = $Record.migration_id; owner = $Record.owner }
    if ($Record.role -eq 'source') {
        if ($Record.owner -eq 'source') { return }
        throw (New-QsmError -Id 'NotOwner' -Category refused -Subject "$VMId" -Facts $facts -Text 'start_may_run_at_target' -Value $told)
    }
    if ($Record.owner -eq 'target') { return }
    if ($Record.owner -ne 'may start') {
        throw (New-QsmError -Id 'NotOwner' -Category refused -Subject "$VMId" -Facts $facts -Text 'start_not_handed_over' -Value $told)
    }
    if ($null -ne $Epoch -and $Epoch -eq $Record.epoch) { return }
    throw (New-QsmError -Id 'EpochStale' -Category refused -Subject "$VMId" -Facts $facts -Text 'start_epoch_stale' -Value @{ vm = $Record.vm_name; role = $Record.role; migration = $Record.migration_id; given = $Epoch; epoch = $Record.epoch })
}
