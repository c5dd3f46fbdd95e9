function Compare-QsmImportedVM {
    <#
    .SYNOPSIS
    Returns how a VM differs from what import_vm recorded; nothing if it is the same.

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
        return Get-QsmText -Name 'why_vm_gone'
    }
    if ($null -eq $imported) { return Get-QsmText -Name 'why_no_import' }

    $then = $imported.result.vm
    if ([string]$vm.State -ne $then.state) { Get-QsmText -Name 'why_imported_otherwise' -Value @{ state = $vm.State; before = $then.state } }
    $now = Get-QsmVMFact -VM $vm
    foreach ($question in $now.unanswered) {
        if ($question -match '\A(disks|saved state):') { Get-QsmText -Name 'why_unanswered' -Value @{ question = $question } }
    }
    foreach ($disk in $now.disks) {
        if (-not $disk.pass_through -and $disk.chain.Count -eq 0) { Get-QsmText -Name 'why_disk_unreadable' -Value @{ path = $disk.path; error = $disk.error } }
        foreach ($file in $disk.chain) {
            if ($file.content_identity -eq '') { Get-QsmText -Name 'why_not_identified' -Value @{ path = $file.path } }
        }
    }
    Compare-QsmFileIdentity -Before (Get-QsmFileIdentity -VMFact $then) -After (Get-QsmFileIdentity -VMFact $now)
}
