function Assert-QsmOwnerNone {
    <#
    .SYNOPSIS
    Refuses to remove anything on a target that owns the VM, or may.

    .DESCRIPTION
    NotOwner (refused) unless the owner in this host's record is none: then the guest has provably not run here.

    .PARAMETER Record
    The record of the migration on this host.

    .PARAMETER Act
    What was not done, to begin the message with.

    .OUTPUTS
    None

    .EXAMPLE
    Assert-QsmOwnerNone -Record $record -Act 'The copied files were not removed'
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$Record,

        [Parameter(Mandatory = $true)]
        [string]$Act
    )

    if ($Record.owner -eq 'none') { return }
    throw (New-QsmError -Id 'NotOwner' -Category refused -Facts @{ owner = $Record.owner; epoch = $Record.epoch } -Text 'target_may_own' -Value @{ act = $Act; vm = $Record.vm_name; owner = $Record.owner })
}
