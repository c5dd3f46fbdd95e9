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
    throw (New-QsmError -Id 'WrongRole' -Category 'refused' -Facts @{ role = $Record.role; side = $Row.side } -Text 'wrong_role' -Value @{ operation = $Row.name; vm = $Record.vm_name; role = $Record.role; migration = $Record.migration_id; side = $Row.side })
}
