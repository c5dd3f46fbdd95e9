function Get-QsmMountPath {
    <#
    .SYNOPSIS
    Returns all places where volumes of this host are mounted.

    .DESCRIPTION
    A drive letter alone decides nothing: a folder of D: may be another volume. Win32_Volume names one path of each volume,
    Win32_MountPoint the others. Cluster Shared Volumes that WMI does not show come from Get-ClusterSharedVolume; while the
    cluster service does not answer, there are none, and a path on one is on a volume that nobody knows.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: the fields of VolumeFacts, drive_type (3: fixed) and csv.

    .EXAMPLE
    Get-QsmMountPath
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param()

    $volumes = @(Invoke-QsmWmi -Class 'Win32_Volume')
    $shared = "$env:SystemDrive\ClusterStorage"
    $places = @(foreach ($volume in $volumes) { [PSCustomObject]@{ Path = [string]$volume.Name; Volume = $volume } })
    foreach ($mount in @(Invoke-QsmWmi -Class 'Win32_MountPoint')) {
        # Both are references: Win32_Directory.Name="D:\\mnt", Win32_Volume.DeviceID="\\\\?\\Volume{...}\\".
        $folder = if ([string]$mount.Directory -match '="(.*)"\z') { $Matches[1].Replace('\\', '\') } else { '' }
        $device = if ([string]$mount.Volume -match '="(.*)"\z') { $Matches[1].Replace('\\', '\') } else { '' }
        $volume = $volumes | Where-Object { $_.DeviceID -eq $device } | Select-Object -First 1
        if ($folder -ne '' -and $null -ne $volume) { $places += [PSCustomObject]@{ Path = $folder; Volume = $volume } }
    }

    $told = @()
    foreach ($place in $places) {
        $root = $place.Path.TrimEnd('\') + '\'
        if ($root -notmatch '\A[A-Za-z]:\\' -or (Test-QsmSameText -Text $root -Other $told)) { continue }
        $told += $root
        [PSCustomObject][ordered]@{
            root           = $root
            capacity_bytes = [long](Get-QsmProperty -InputObject $place.Volume -Name 'Capacity' -Default 0)
            free_bytes     = [long](Get-QsmProperty -InputObject $place.Volume -Name 'FreeSpace' -Default 0)
            file_system    = [string](Get-QsmProperty -InputObject $place.Volume -Name 'FileSystem' -Default '')
            drive_type     = [int](Get-QsmProperty -InputObject $place.Volume -Name 'DriveType' -Default 0)
            csv            = (Test-QsmPathUnder -Path $root -Folder $shared)
        }
    }
    if (-not (Test-QsmCommand -Name 'Get-ClusterSharedVolume') -or -not (Test-Path -LiteralPath $shared)) { return }
    try {
        $clustered = @(Get-ClusterSharedVolume -ErrorAction Stop)
    } catch {
        if ($_.CategoryInfo.Category -ne 'ConnectionError') { throw }
        return
    }
    foreach ($volume in $clustered) {
        foreach ($part in @($volume.SharedVolumeInfo)) {
            $root = ([string]$part.FriendlyVolumeName).TrimEnd('\') + '\'
            if (Test-QsmSameText -Text $root -Other $told) { continue }
            [PSCustomObject][ordered]@{
                root           = $root
                capacity_bytes = [long]$part.Partition.Size
                free_bytes     = [long]$part.Partition.FreeSpace
                file_system    = [string](Get-QsmProperty -InputObject $part.Partition -Name 'FileSystem' -Default 'CSVFS')
                drive_type     = 3
                csv            = $true
            }
        }
    }
}
