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
    $about = "VM '$($Record.vm_name)' was not started on $env:COMPUTERNAME, the $($Record.role) of migration $($Record.migration_id)"
    if ($Record.role -eq 'source') {
        if ($Record.owner -eq 'source') { return }
        throw (New-QsmError -Id 'NotOwner' -Category refused -Subject "$VMId" -Facts $facts -Message "$about`: its owner is '$($Record.owner)', so it may run at the target.")
    }
    if ($Record.owner -eq 'target') { return }
    if ($Record.owner -ne 'may start') {
        throw (New-QsmError -Id 'NotOwner' -Category refused -Subject "$VMId" -Facts $facts -Message "$about`: its owner is '$($Record.owner)', so it was not handed over.")
    }
    if ($null -ne $Epoch -and $Epoch -eq $Record.epoch) { return }
    throw (New-QsmError -Id 'EpochStale' -Category refused -Subject "$VMId" -Facts $facts -Message "$about`: the call has epoch '$Epoch', but $($Record.epoch) is allowed. It is late.")
}
