function Set-QsmTurnedBack {
    <#
    .SYNOPSIS
    Turns a migration back: from here no forward operation passes on this host.

    .DESCRIPTION
    On the source only while the source owns the VM, on the target only while nobody may start it there; else NotOwner
    (refused): the target withdraws first, and the source takes the VM back. Raises the revision, so that a call on its way
    is stale.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of RecordResult.

    .EXAMPLE
    Set-QsmTurnedBack -MigrationId $id
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    $record = Get-QsmRecord -MigrationId $MigrationId
    $needed = if ($record.role -eq 'source') { 'source' } else { 'none' }
    if ($record.owner -ne $needed) {
        throw (New-QsmOwnerError -Id 'NotOwner' -Record $record -Text 'turn_back_not_owner')
    }
    if (-not $PSCmdlet.ShouldProcess($MigrationId, 'Turn the migration back')) { return }
    [PSCustomObject]@{ record = Set-QsmRecord -MigrationId $MigrationId -Change @{ direction = 'back' } }
}
