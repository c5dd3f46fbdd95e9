function Assert-QsmDiskPath {
    <#
    .SYNOPSIS
    Refuses a virtual disk whose path would mean another file, or none, to the cmdlets that work on it.

    .DESCRIPTION
    Get-, Set-, Test- and Merge-VHD ask WMI for the file that -Path names: brackets make a pattern of it, which may find another
    file, and an apostrophe in the file's name breaks the question (HC/VhdPathResolver.cs of Hyper-V's module). The source of
    Start-BitsTransfer takes patterns too, and no document tells how to write a bracket there. Names that end in blanks or dots,
    paths of volumes without a letter (\\?\Volume...) and those beyond MAX_PATH are nothing for both. All of that is legal in
    NTFS and works in a running VM. WMI's own methods for disks would take such paths, but not BITS, and what they answer as jobs
    is proven nowhere: so the disk is refused (HostFailed) before anything is done, with the part that is wrong.

    .PARAMETER Path
    Full path of the file.

    .OUTPUTS
    None

    .EXAMPLE
    Assert-QsmDiskPath -Path 'D:\VMs\disk.vhdx'
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path
    )

    $parts = @($Path -split '\\')
    $pattern = @($parts | Where-Object { $_ -match '[\[\]*?]' -and $_ -ne '?' }) | Select-Object -First 1
    $ending = @($parts | Where-Object { $_ -match '[ .]\z' }) | Select-Object -First 1
    $why = if ($Path -like '\\[?.]\*') {
        Get-QsmText -Name 'why_path_device'
    } elseif ($null -ne $pattern) {
        Get-QsmText -Name 'why_path_pattern' -Value @{ part = $pattern }
    } elseif ($parts[-1] -match "'") {
        Get-QsmText -Name 'why_path_apostrophe' -Value @{ part = $parts[-1] }
    } elseif ($null -ne $ending) {
        Get-QsmText -Name 'why_path_end' -Value @{ part = $ending }
    } elseif ($Path.Length -gt 259) {
        Get-QsmText -Name 'why_path_long' -Value @{ count = $Path.Length }
    }
    if ($null -eq $why) { return }
    throw (New-QsmError -Id 'HostFailed' -Category refused -Subject $Path -Facts @{ path = $Path } -Text 'disk_path_refused' -Value @{ path = $Path; why = $why })
}
