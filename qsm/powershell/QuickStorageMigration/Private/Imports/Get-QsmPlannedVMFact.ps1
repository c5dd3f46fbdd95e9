function Get-QsmPlannedVMFact {
    <#
    .SYNOPSIS
    Returns a planned VM in the form of any VM.

    .DESCRIPTION
    A planned VM is only a reason to refuse or something to remove: id, name, folders and disk paths are reported, and unanswered
    says that the rest was not asked.

    .PARAMETER PlannedVM
    A planned VM as Get-QsmPlannedVM reports it.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of VMFacts.

    .EXAMPLE
    Get-QsmPlannedVM | ForEach-Object { Get-QsmPlannedVMFact -PlannedVM $_ }
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$PlannedVM
    )

    $setting = $PlannedVM.settings
    $folder = [string](Get-QsmProperty -InputObject $setting -Name 'ConfigurationDataRoot' -Default '')
    $index = 0
    $disks = @(foreach ($path in $PlannedVM.disk_paths) {
            [PSCustomObject][ordered]@{ slot = "planned $index"; path = $path; pass_through = $false; shared = $false; chain = @(); error = 'planned VM: the chain is not read' }
            $index++
        })
    [PSCustomObject][ordered]@{
        vm_id                   = $PlannedVM.vm_id
        name                    = $PlannedVM.name
        planned                 = $true
        generation              = $(if ([string](Get-QsmProperty -InputObject $setting -Name 'VirtualSystemSubType' -Default '') -like '*:2') { 2 } else { 1 })
        version                 = [string](Get-QsmProperty -InputObject $setting -Name 'Version' -Default '')
        path                    = $folder
        configuration_location  = $folder
        snapshot_file_location  = [string](Get-QsmProperty -InputObject $setting -Name 'SnapshotDataRoot' -Default '')
        smart_paging_file_path  = [string](Get-QsmProperty -InputObject $setting -Name 'SwapFileDataRoot' -Default '')
        state                   = 'Off'
        operational_status      = @()
        uptime_seconds          = 0.0
        memory_assigned_bytes   = 0
        memory_startup_bytes    = 0
        memory_maximum_bytes    = 0
        dynamic_memory          = $false
        guest_product           = $null
        processor_count         = 0
        processor_compatibility = $false
        automatic_start_action  = 'Nothing'
        automatic_stop_action   = ''
        guest_shutdown          = 'Missing'
        checkpoint_type         = $null
        automatic_checkpoints   = $null
        clustered               = $false
        replication_mode        = 'None'
        notes                   = ''
        disks                   = $disks
        adapters                = @()
        dvd_paths               = @()
        checkpoints             = @()
        obstacles               = @()
        unanswered              = @('planned VM: only id, name, folders and disk paths are known')
        volumes                 = @()
        saved_state_files       = @()
        lock                    = Get-QsmLockFact -VMId $PlannedVM.vm_id
    }
}
