function Assert-QsmRole {
    <#
    .SYNOPSIS
    Refuses a call that belongs to the other host of the migration.

    .DESCRIPTION
    WrongRole (refused), with the facts role and side.

    .PARAMETER Row
    The operation, as the table has it.

    .PARAMETER Record
    The record of the migration on this host.

    .OUTPUTS
    None

    .EXAMPLE
    Assert-QsmRole -Row $row -Record $record
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$Row,

        [Parameter(Mandatory = $true)]
        [object]$Record
    )

    if ($Row.side -eq 'either' -or $Row.side -eq $Record.role) { return }
    throw (New-QsmError -Id 'WrongRole' -Category 'refused' -Facts @{ role = $Record.role; side = $Row.side } -Message (
            "$($Row.name) for VM '$($Record.vm_name)' was refused: $env:COMPUTERNAME is the $($Record.role) of migration " +
            "$($Record.migration_id), and only the $($Row.side) does it."))
}
