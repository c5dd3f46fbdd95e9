function Compare-QsmImportedVM {
    <#
    .SYNOPSIS
    Tells how a VM differs from what import_vm recorded; nothing if it is the same.

    .DESCRIPTION
    Compares state, and of each disk file and saved-state file length, time and identity. A disk or a file that cannot be read
    is a difference. Without a recorded import nothing could have been allowed to start: then only a VM that is there
    nevertheless is a difference. The same holds after it was withdrawn before and removed again.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER VMId
    Id of the VM.

    .OUTPUTS
    System.String: one difference each.

    .EXAMPLE
    $reasons = @(Compare-QsmImportedVM -MigrationId $id -VMId $VMId)
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [Parameter(Mandatory = $true)]
        [guid]$VMId
    )

    $vm = Get-QsmVMObject -VMId $VMId
    $imported = @(Get-QsmOutcome -MigrationId $MigrationId -Operation 'import_vm' -State 'done') | Select-Object -Last 1
    $record = Get-QsmRecord -MigrationId $MigrationId
    $removals = @(Get-QsmOutcome -MigrationId $MigrationId -Operation 'remove_imported_vm' -State 'started', 'done', 'failed').Count
    if ($null -eq $vm) {
        if (($null -eq $imported -and $record.owner -eq 'none') -or ($record.direction -eq 'back' -and $record.owner -eq 'none' -and $removals -gt 0)) { return }
        return 'the VM is not there any more'
    }
    if ($null -eq $imported) { return 'the VM is there, but no import_vm is on record to compare it with' }

    $then = $imported.result.vm
    if ([string]$vm.State -ne $then.state) { "its state is $($vm.State), and was $($then.state) after the import" }
    $now = Get-QsmVMFact -VM $vm
    foreach ($question in $now.unanswered) {
        if ($question -match '\A(disks|saved_state):') { "the host could not tell $question" }
    }
    foreach ($disk in $now.disks) {
        if (-not $disk.pass_through -and $disk.chain.Count -eq 0) { "the disk '$($disk.path)' cannot be read: $($disk.error)" }
        foreach ($file in $disk.chain) {
            if ($file.content_identity -eq '') { "the identity of '$($file.path)' cannot be read: something has it open" }
        }
    }
    Compare-QsmFileIdentity -Before (Get-QsmFileIdentity -VMFact $then) -After (Get-QsmFileIdentity -VMFact $now)
}
