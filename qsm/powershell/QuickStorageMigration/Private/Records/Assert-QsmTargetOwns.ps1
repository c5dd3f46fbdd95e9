function Assert-QsmTargetOwns {
    <#
    .SYNOPSIS
    Refuses to touch the source unless it has handed over and the target owns the VM.

    .DESCRIPTION
    The source's own record must say handed over, and the target's record, of the same migration and VM, must say target:
    NotOwner (refused) otherwise.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER TargetRecord
    The record of the target, as the target reported it.

    .PARAMETER Act
    What was not done, to begin the message with.

    .OUTPUTS
    None

    .EXAMPLE
    Assert-QsmTargetOwns -MigrationId $MigrationId -TargetRecord $TargetRecord -Act 'The source VM was not removed'
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [Parameter(Mandatory = $true)]
        [object]$TargetRecord,

        [Parameter(Mandatory = $true)]
        [string]$Act
    )

    $record = Get-QsmRecord -MigrationId $MigrationId
    $wrong = @()
    if ($record.owner -ne 'handed over') { $wrong += Get-QsmText -Name 'why_source_owns' -Value @{ owner = $record.owner } }
    $wanted = [ordered]@{ migration_id = $record.migration_id; vm_id = $record.vm_id; role = 'target'; owner = 'target' }
    foreach ($name in $wanted.Keys) {
        $found = [string](Get-QsmProperty -InputObject $TargetRecord -Name $name -Default '')
        if ($found -ne $wanted[$name]) { $wrong += Get-QsmText -Name 'why_target_record' -Value @{ field = $name; found = $found; expected = $wanted[$name] } }
    }
    if ($wrong.Count -eq 0) { return }
    throw (New-QsmError -Id 'NotOwner' -Category refused -Facts @{ owner = $record.owner; epoch = $record.epoch; target_owner = [string](Get-QsmProperty -InputObject $TargetRecord -Name 'owner' -Default '') } -Text 'target_does_not_own' -Value @{ act = $Act; reasons = $wrong -join '; '; vm = $record.vm_name })
}
