function Get-QsmObstacle {
    <#
    .SYNOPSIS
    Returns what a VM has that cannot be moved with it.

    .DESCRIPTION
    Each kind of device is asked for with the cmdlet that came with it; where Windows lacks the cmdlet the device cannot
    exist. A question that fails becomes an entry of unanswered, never a "no".

    .PARAMETER VM
    The VM as Get-VM gives it.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: obstacles (with the fields of Obstacle) and unanswered (texts).

    .EXAMPLE
    Get-QsmObstacle -VM (Get-QsmVMObject -VMId $VMId)
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM
    )

    $devices = [ordered]@{
        FibreChannel     = 'Get-VMFibreChannelHba'
        AssignableDevice = 'Get-VMAssignableDevice'
        GpuPartition     = 'Get-VMGpuPartitionAdapter'
        RemoteFX         = 'Get-VMRemoteFx3dVideoAdapter'
        PersistentMemory = 'Get-VMPmemController'
    }
    $obstacles = @()
    $unanswered = @()
    foreach ($code in $devices.Keys) {
        $cmdlet = $devices[$code]
        if (-not (Test-QsmCommand -Name $cmdlet)) { continue }
        try {
            foreach ($device in @(& $cmdlet -VM $VM -ErrorAction Stop)) {
                $name = Get-QsmProperty -InputObject $device -Name 'Name' -Default (Get-QsmProperty -InputObject $device -Name 'Id' -Default $cmdlet)
                $obstacles += [PSCustomObject][ordered]@{ code = $code; detail = [string]$name }
            }
        } catch {
            $unanswered += "$cmdlet`: $($_.Exception.Message)"
        }
    }
    foreach ($drive in @(Get-VMHardDiskDrive -VM $VM -ErrorAction Stop)) {
        if ([string]$drive.ControllerType -eq 'PMEM') {
            $obstacles += [PSCustomObject][ordered]@{ code = 'PersistentMemory'; detail = [string]$drive.Path }
        }
    }
    if (Test-QsmCommand -Name 'Get-VMSecurity') {
        $codes = [ordered]@{
            TpmEnabled                        = @('VirtualTpm', 'obstacle_tpm')
            Shielded                          = @('Shielded', 'obstacle_shielded')
            EncryptStateAndVmMigrationTraffic = @('EncryptedState', 'obstacle_encrypted')
            KsdEnabled                        = @('KeyStorageDrive', 'obstacle_key_storage')
        }
        try {
            $security = Get-VMSecurity -VM $VM -ErrorAction Stop
            foreach ($name in $codes.Keys) {
                if ([bool](Get-QsmProperty -InputObject $security -Name $name -Default $false)) {
                    $obstacles += [PSCustomObject][ordered]@{ code = $codes[$name][0]; detail = Get-QsmText -Name $codes[$name][1] }
                }
            }
        } catch {
            $unanswered += "Get-VMSecurity: $($_.Exception.Message)"
        }
    }
    [PSCustomObject]@{ obstacles = $obstacles; unanswered = $unanswered }
}
