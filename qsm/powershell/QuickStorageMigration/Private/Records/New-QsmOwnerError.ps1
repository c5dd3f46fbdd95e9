function New-QsmOwnerError {
    <#
    .SYNOPSIS
    Makes the refusal of an act that the owner or the epoch in the record does not allow.

    .DESCRIPTION
    NotOwner or EpochStale, refused, with the facts owner and epoch of the record.

    .PARAMETER Id
    NotOwner or EpochStale.

    .PARAMETER Record
    The record of the migration on this host.

    .PARAMETER Message
    What was refused and why; how things stand is added.

    .OUTPUTS
    System.Management.Automation.ErrorRecord

    .EXAMPLE
    throw (New-QsmOwnerError -Id 'NotOwner' -Record $record -Message 'The VM was not started.')
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    [CmdletBinding()]
    [OutputType([System.Management.Automation.ErrorRecord])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateSet('NotOwner', 'EpochStale')]
        [string]$Id,

        [Parameter(Mandatory = $true)]
        [object]$Record,

        [Parameter(Mandatory = $true)]
        [string]$Message
    )

    $state = "On $env:COMPUTERNAME, the $($Record.role) of migration $($Record.migration_id), the owner of VM '$($Record.vm_name)' is '$($Record.owner)' " +
    "(epoch $($Record.epoch), direction $($Record.direction)). Nothing was changed."
    New-QsmError -Id $Id -Category 'refused' -Subject $Record.vm_id -Facts @{ owner = $Record.owner; epoch = $Record.epoch } -Message "$Message $state"
}
