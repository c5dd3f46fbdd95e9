function Watch-QsmSource {
    <#
    .SYNOPSIS
    Reports what may go wrong at the source while its disks are being copied.

    .DESCRIPTION
    When the host started, the VM's state, status and checkpoints, which of the shares are gone or no longer let the target
    read, how long the differencing disks are, and how full the volumes of all disks are. A share that no note of this migration knows
    counts as missing. A VM that is gone has no state.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER Shares
    Names of the shares that must be open.

    .PARAMETER Files
    Full paths of the differencing disks that grow.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of WatchSourceResult.

    .EXAMPLE
    Watch-QsmSource -VMId $VMId -Shares @("qsm-$MigrationId-1$") -Files @($leaf) -MigrationId $MigrationId
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [AllowEmptyCollection()]
        [string[]]$Shares = @(),

        [AllowEmptyCollection()]
        [string[]]$Files = @(),

        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    $vm = Get-QsmVMObject -VMId $VMId
    $disks = @(if ($null -ne $vm) { Get-QsmDrive -VM $vm | Where-Object { $_.path -ne '' } | ForEach-Object { $_.path } })
    $notes = @(Get-QsmShareNote -MigrationId $MigrationId)
    $missing = @(foreach ($name in $Shares) {
            $note = $notes | Where-Object { $_.name -eq $name } | Select-Object -First 1
            if ($null -eq $note -or -not (Test-QsmShareOpen -Name $name -Sid $note.sid -File @($note.files))) { $name }
        })
    [PSCustomObject][ordered]@{
        boot_time_ticks    = ConvertFrom-QsmWmiTime -Text (Invoke-QsmWmi -Class 'Win32_OperatingSystem').LastBootUpTime
        state              = $(if ($null -eq $vm) { $null } else { [string]$vm.State })
        operational_status = @(if ($null -ne $vm) { Get-QsmOperationalStatus -VM $vm })
        checkpoints        = @(if ($null -ne $vm) { Get-QsmCheckpointFact -VM $vm })
        missing_shares     = $missing
        files              = @($Files | ForEach-Object { Get-QsmFileFact -Path $_ })
        volumes            = @(Get-QsmVolumeFact -Path @($Files + $disks) -Known)
    }
}
