function Invoke-QsmQuestion {
    <#
    .SYNOPSIS
    Answers a call that changes nothing.

    .DESCRIPTION
    Takes no lock and writes nothing. A question that is asked within a migration needs its record (RecordMissing), on the
    host that can answer it (WrongRole), and is about its VM (InvalidArgument).

    .PARAMETER Row
    The operation, as the table has it.

    .PARAMETER Call
    The call.

    .OUTPUTS
    System.Object

    .EXAMPLE
    Invoke-QsmQuestion -Row $row -Call $call
    #>
    [CmdletBinding()]
    [OutputType([object])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$Row,

        [Parameter(Mandatory = $true)]
        [object]$Call
    )

    $parameters = Resolve-QsmArgument -Row $Row -Call $Call
    if ($Row.record -eq 'reads') {
        $record = Get-QsmRecord -MigrationId $Call.migration_id
        Assert-QsmRole -Row $Row -Record $record
        if ($null -ne $Call.arguments.PSObject.Properties['vm_id']) { Assert-QsmVMOfRecord -Record $record -VMId $Call.arguments.vm_id }
    }
    Invoke-QsmFunction -Row $Row -Parameters $parameters
}
