function Get-QsmDiskFile {
    <#
    .SYNOPSIS
    Returns the facts of one virtual disk file.

    .DESCRIPTION
    Get-VHD answers for a file in use as well, but only on the host that uses it. A file that is not there is FileMissing
    (refused), one that the cmdlets would not find under its path HostFailed (refused); any other trouble of Get-VHD is passed on,
    since a disk that cannot be read is never taken for a good one.

    .PARAMETER Path
    Full path of the file.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of DiskFile.

    .EXAMPLE
    Get-QsmDiskFile -Path 'D:\VMs\disk.vhdx'
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Path
    )

    $file = Get-QsmFileFact -Path $Path
    if ($null -eq $file) {
        throw (New-QsmError -Id 'FileMissing' -Category refused -Subject $Path -Facts @{ path = $Path } -Text 'disk_file_missing' -Value @{ path = $Path })
    }
    Assert-QsmDiskPath -Path $Path
    foreach ($place in $Path, (Split-Path -Path $Path -Parent)) {
        $form = Get-QsmStorageForm -Path $place
        if ($form -eq 'plain') { continue }
        throw (New-QsmError -Id 'HostFailed' -Category refused -Subject $Path -Facts @{ path = $place } -Text 'disk_form_refused' -Value @{ path = $Path; place = $place; form = $form })
    }
    try {
        $disk = Get-VHD -Path $Path -ErrorAction Stop
    } catch {
        # What -Path does not lead to is a wrong parameter, and the file is there.
        if ($_.FullyQualifiedErrorId -notlike 'InvalidParameter,*') { throw }
        throw (New-QsmError -Id 'HostFailed' -Category refused -Subject $Path -Facts @{ path = $Path } -Text 'disk_not_listed' -Value @{ path = $Path; cause = Get-QsmCause -ErrorRecord $_ })
    }
    $format = [string]$disk.VhdFormat
    $parent = [string]$disk.ParentPath
    [PSCustomObject][ordered]@{
        path             = $Path
        length_bytes     = $file.length_bytes
        last_write_ticks = $file.last_write_ticks
        format           = $format
        type             = [string]$disk.VhdType
        size_bytes       = [long]$disk.Size
        parent_path      = $(if ($parent -eq '') { $null } else { $parent })
        disk_identifier  = ([string]$disk.DiskIdentifier).ToLowerInvariant()
        content_identity = $(if (@('VHD', 'VHDX') -contains $format) { Get-QsmContentIdentity -Path $Path -Format $format } else { '' })
    }
}
