function Get-QsmVMFact {
    <#
    .SYNOPSIS
    Returns everything of one VM that a migration must know.

    .DESCRIPTION
    A question that fails goes to unanswered with its reason, never to a default: each one is a reason to refuse. What the
    guest says of itself is none: a guest may be silent.

    .PARAMETER VM
    The VM as Get-VM gives it.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of VMFacts.

    .EXAMPLE
    Get-QsmVMFact -VM (Get-QsmVMObject -VMId $VMId)
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM
    )

    $questions = [ordered]@{
        'disks'           = { Get-QsmVMDisk -VM $VM }
        'adapters'        = { Get-QsmAdapter -VM $VM }
        'Get-VMDvdDrive'  = { Get-VMDvdDrive -VM $VM -ErrorAction Stop | ForEach-Object { [string]$_.Path } | Where-Object { $_ -ne '' } }
        'checkpoints'     = { Get-QsmCheckpointFact -VM $VM }
        'obstacles'       = { Get-QsmObstacle -VM $VM }
        'Get-VMProcessor' = { Get-VMProcessor -VM $VM -ErrorAction Stop }
        'shutdown'        = { (Get-QsmShutdownComponent -VMId $VM.Id).status }
        'saved state'     = { Get-QsmSavedStateFile -VM $VM }
        'lock'            = { Get-QsmLockFact -VMId $VM.Id.ToString() }
    }
    $answers = @{}
    $unanswered = @()
    foreach ($name in $questions.Keys) {
        $answers[$name] = @()
        try { $answers[$name] = @(& $questions[$name]) } catch { $unanswered += "$name`: $($_.Exception.Message)" }
    }
    foreach ($answer in $answers['obstacles']) { $unanswered += $answer.unanswered }

    $folders = @($VM.ConfigurationLocation, $VM.SnapshotFileLocation, $VM.SmartPagingFilePath)
    $folders += @($answers['disks'] | Where-Object { -not $_.pass_through } | ForEach-Object { $_.path; $_.chain | ForEach-Object { $_.path } })
    $volumes = @()
    try {
        $volumes = @(Get-QsmVolumeFact -Path @($folders | Where-Object { $_ } | Select-Object -Unique))
    } catch {
        $unanswered += "Get-Volume: $($_.Exception.Message)"
    }

    $setting = Get-QsmVMSetting -VM $VM
    [PSCustomObject][ordered]@{
        vm_id                   = $VM.Id.ToString().ToLowerInvariant()
        name                    = [string]$VM.Name
        planned                 = $false
        generation              = [int](Get-QsmProperty -InputObject $VM -Name 'Generation' -Default 1)
        version                 = [string](Get-QsmProperty -InputObject $VM -Name 'Version' -Default '5.0')
        path                    = [string]$VM.Path
        configuration_location  = [string]$VM.ConfigurationLocation
        snapshot_file_location  = [string]$VM.SnapshotFileLocation
        smart_paging_file_path  = [string]$VM.SmartPagingFilePath
        state                   = [string]$VM.State
        operational_status      = @(Get-QsmOperationalStatus -VM $VM)
        uptime_seconds          = [double]$VM.Uptime.TotalSeconds
        memory_assigned_bytes   = [long]$VM.MemoryAssigned
        memory_startup_bytes    = [long]$VM.MemoryStartup
        memory_maximum_bytes    = [long]$VM.MemoryMaximum
        dynamic_memory          = [bool]$VM.DynamicMemoryEnabled
        guest_product           = $(if ([string]$VM.State -eq 'Running') { Get-QsmGuestProduct -VMId $VM.Id } else { $null })
        processor_count         = [int]$VM.ProcessorCount
        processor_compatibility = [bool](Get-QsmProperty -InputObject ($answers['Get-VMProcessor'] | Select-Object -First 1) -Name 'CompatibilityForMigrationEnabled' -Default $false)
        automatic_start_action  = [string]$VM.AutomaticStartAction
        automatic_stop_action   = [string]$VM.AutomaticStopAction
        guest_shutdown          = [string]($answers['shutdown'] | Select-Object -First 1)
        checkpoint_type         = Get-QsmCheckpointType -Setting $setting
        automatic_checkpoints   = Get-QsmProperty -InputObject $setting -Name 'AutomaticSnapshotsEnabled'
        clustered               = [bool](Get-QsmProperty -InputObject $VM -Name 'IsClustered' -Default $false)
        replication_mode        = [string](Get-QsmProperty -InputObject $VM -Name 'ReplicationMode' -Default 'None')
        notes                   = [string]$VM.Notes
        disks                   = $answers['disks']
        adapters                = $answers['adapters']
        dvd_paths               = $answers['Get-VMDvdDrive']
        checkpoints             = $answers['checkpoints']
        obstacles               = @($answers['obstacles'] | ForEach-Object { $_.obstacles })
        unanswered              = $unanswered
        volumes                 = $volumes
        saved_state_files       = $answers['saved state']
        lock                    = $answers['lock'] | Select-Object -First 1
    }
}
