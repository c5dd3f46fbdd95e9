function Compare-QsmSavedVM {
    <#
    .SYNOPSIS
    Returns why a VM at the source does not stand as save_vm of its migration left it; nothing if it does.

    .DESCRIPTION
    That it stands still is not enough: somebody may have started it and saved it again, and what was copied lacks its last
    writes. So state and disks (each file by path, length, time and identity) must be what save_vm reported. Whatever cannot
    be read is a reason.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER VM
    The VM as Get-VM gives it; null if it is not here.

    .OUTPUTS
    System.String: one line per reason.

    .EXAMPLE
    $reasons = @(Compare-QsmSavedVM -MigrationId $MigrationId -VM $vm)
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [Parameter(Mandatory = $true)]
        [AllowNull()]
        [object]$VM
    )

    if ($null -eq $VM) { return Get-QsmText -Name 'why_absent' }
    $saved = @(Get-QsmOutcome -MigrationId $MigrationId -Operation 'save_vm' -State 'done') | Select-Object -Last 1
    if ($null -eq $saved) { return Get-QsmText -Name 'why_not_saved' -Value @{ state = $VM.State } }
    $state = [string]$VM.State
    if (@('Saved', 'Off') -notcontains $state -or $state -ne $saved.result.state) { Get-QsmText -Name 'why_saved_otherwise' -Value @{ state = $state; before = $saved.result.state } }
    $disks = @(Get-QsmVMDisk -VM $VM)
    foreach ($disk in $disks) {
        if ($null -ne $disk.error) { Get-QsmText -Name 'why_disk_unreadable' -Value @{ path = $disk.path; error = $disk.error } }
        foreach ($file in $disk.chain) { if ($file.content_identity -eq '') { Get-QsmText -Name 'why_not_identified' -Value @{ path = $file.path } } }
    }
    $now = [PSCustomObject]@{ disks = $disks; saved_state_files = @() }
    $then = [PSCustomObject]@{ disks = @($saved.result.disks); saved_state_files = @() }
    Compare-QsmFileIdentity -Before (Get-QsmFileIdentity -VMFact $then) -After (Get-QsmFileIdentity -VMFact $now)
}
