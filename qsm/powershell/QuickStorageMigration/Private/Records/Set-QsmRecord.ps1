function Set-QsmRecord {
    <#
    .SYNOPSIS
    Changes the record of a migration in one write and returns it as it is now.

    .DESCRIPTION
    A change raises the revision by one and notes the operation of the call that runs. For a fenced operation the
    dispatcher calls this when the function is over, unless the function changed the record itself: so a function that
    changes owner, epoch or direction calls it once, as its last act, and that is the one write. The caller holds the lock.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER Change
    New values by field name: owner, epoch, direction, end, end_text.

    .PARAMETER KeepRevision
    Leave the revision as it is: nobody who saw the record before decides otherwise now.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of Record.

    .EXAMPLE
    $record = Set-QsmRecord -MigrationId $MigrationId -Change @{ owner = 'handed over' }
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [System.Collections.IDictionary]$Change = @{},

        [switch]$KeepRevision
    )

    $record = Get-QsmRecord -MigrationId $MigrationId
    foreach ($name in $Change.Keys) {
        if (@('owner', 'epoch', 'direction', 'end', 'end_text') -notcontains $name) {
            throw (New-Object -TypeName System.InvalidOperationException -ArgumentList "The field '$name' of a record never changes.")
        }
        $record.$name = $Change[$name]
    }
    if (-not $KeepRevision) { $record.revision = $record.revision + 1 }
    $record.step = $script:QsmCall.Operation
    Write-QsmJson -Path (Join-Path -Path (Get-QsmMigrationFolder -MigrationId $MigrationId) -ChildPath 'record.json') -Value $record
    $script:QsmCall.RecordWritten = $true
    $record
}
