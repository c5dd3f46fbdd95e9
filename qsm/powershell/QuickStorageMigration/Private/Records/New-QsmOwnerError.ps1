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

    .PARAMETER Text
    Name of the sentence in Messages.json: what was refused and why. How things stand is added.

    .PARAMETER Value
    Values of the sentence by place; see Get-QsmText.

    .OUTPUTS
    System.Management.Automation.ErrorRecord

    .EXAMPLE
    throw (New-QsmOwnerError -Id 'NotOwner' -Record $record -Text 'hand_over_not_owner')
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
        [string]$Text,

        [System.Collections.IDictionary]$Value = @{}
    )

    $told = @{
        what      = Get-QsmText -Name $Text -Value $Value
        role      = $Record.role
        migration = $Record.migration_id
        vm        = $Record.vm_name
        owner     = $Record.owner
        epoch     = $Record.epoch
        direction = $Record.direction
    }
    New-QsmError -Id $Id -Category 'refused' -Subject $Record.vm_id -Facts @{ owner = $Record.owner; epoch = $Record.epoch } -Text 'owner_error' -Value $told
}
