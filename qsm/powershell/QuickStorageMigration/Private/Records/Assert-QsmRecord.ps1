function Assert-QsmRecord {
    <#
    .SYNOPSIS
    Refuses a changing call that the record of its migration does not allow.

    .DESCRIPTION
    RecordMissing; WrongRole: an operation of the other host; TurnedBack: a forward operation after the migration was turned
    back; RevisionStale: a fenced call whose sender did not see the last change of the record (facts: given, current).

    .PARAMETER Row
    The operation, as the table has it.

    .PARAMETER Call
    The call.

    .OUTPUTS
    None

    .EXAMPLE
    Assert-QsmRecord -Row $row -Call $call
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$Row,

        [Parameter(Mandatory = $true)]
        [object]$Call
    )

    $record = Get-QsmRecord -MigrationId $Call.migration_id
    Assert-QsmRole -Row $Row -Record $record
    if ($null -ne $Call.arguments.PSObject.Properties['vm_id']) { Assert-QsmVMOfRecord -Record $record -VMId $Call.arguments.vm_id }
    if ($Row.forward -and $record.direction -eq 'back') {
        throw (New-QsmError -Id 'TurnedBack' -Category 'refused' -Text 'turned_back' -Value @{ operation = $Row.name; vm = $record.vm_name; migration = $record.migration_id })
    }
    if ($Row.record -eq 'changes' -and $Call.revision -ne $record.revision) {
        throw (New-QsmError -Id 'RevisionStale' -Category 'refused' -Facts @{ given = $Call.revision; current = $record.revision } -Text 'revision_stale' -Value @{ operation = $Row.name; vm = $record.vm_name; migration = $record.migration_id; given = $Call.revision; current = $record.revision })
    }
    if ($Row.locked) { Assert-QsmLocked -Record $record -Operation $Row.name }
}
