function Close-QsmMigration {
    <#
    .SYNOPSIS
    Ends a migration on this host.

    .DESCRIPTION
    Removes what only its course needed: state files of copies and merges, and the exported configuration; writes the end;
    and last releases the lock if this migration has it, so that nobody else begins before. Record and journal stay. Home
    needs the owner source (on the target: none), forward needs handed over (on the target: target), else NotOwner (refused).
    A migration that is held keeps everything, lock included, until somebody decides. What an override left in the record
    stays there.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER End
    home: at the source; forward: at the target; held: nobody can prove where the VM may run.

    .PARAMETER Text
    What a person should know of it.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of RecordResult.

    .EXAMPLE
    Close-QsmMigration -MigrationId $id -End 'home' -Text 'The target had no space.'
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [Parameter(Mandatory = $true)]
        [ValidateSet('home', 'forward', 'held')]
        [string]$End,

        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$Text
    )

    $record = Get-QsmRecord -MigrationId $MigrationId
    $owners = @{ home = 'source', 'none'; forward = 'handed over', 'target' }
    if ($End -ne 'held' -and $owners[$End] -notcontains $record.owner) {
        throw (New-QsmOwnerError -Id 'NotOwner' -Record $record -Text 'cannot_end' -Value @{ end = $End })
    }
    if (-not $PSCmdlet.ShouldProcess($MigrationId, "End the migration: $End")) { return }
    if ($End -ne 'held') {
        Close-QsmHeldFile
        $folder = Get-QsmMigrationFolder -MigrationId $MigrationId
        foreach ($path in @('copies', 'merges', 'probe' | ForEach-Object { Join-Path -Path $folder -ChildPath $_ }) + @(Get-QsmExportFolder -MigrationId $MigrationId)) { Remove-QsmFolder -Path $path }
        $note = Get-QsmCheckpointNote -MigrationId $MigrationId
        if (Test-Path -LiteralPath $note) { Remove-Item -LiteralPath $note -Force -Confirm:$false -ErrorAction Stop }
    }
    $whole = $Text
    if ($record.end_text -ne '' -and $record.end_text -ne $Text) {
        # Said before, by an attempt that was killed between record and journal: not twice.
        $whole = if ($record.end_text.EndsWith("`n$Text", [StringComparison]::Ordinal)) { $record.end_text } else { "$($record.end_text)`n$Text" }
    }
    $ended = Set-QsmRecord -MigrationId $MigrationId -KeepRevision -Change @{ end = $End; end_text = $whole }
    $lock = Get-QsmLockFact -VMId $record.vm_id
    if ($End -ne 'held' -and $null -ne $lock -and $lock.migration_id -eq $MigrationId) { Remove-Item -LiteralPath (Get-QsmLockPath -VMId $record.vm_id) -Force -Confirm:$false }
    [PSCustomObject]@{ record = $ended }
}
