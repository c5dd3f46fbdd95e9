function Get-QsmStorageForm {
    <#
    .SYNOPSIS
    Returns in which form NTFS keeps a file, or would keep one that is made now: compressed, encrypted or plain.

    .DESCRIPTION
    Hyper-V works on no virtual disk that NTFS has compressed or encrypted (ERROR_VIRTUAL_DISK_LIMITATION, 0xC03A001A), and a new
    file takes both from its folder, a new folder from the one above. What is not there has the form of the nearest folder
    that is. That a file is sparse is no matter here: BITS copies it whole.

    .PARAMETER Path
    Full path of a file or folder.

    .OUTPUTS
    System.String

    .EXAMPLE
    Get-QsmStorageForm -Path 'D:\VMs\disk.vhdx'
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path
    )

    $place = $Path
    while ($place -ne '' -and -not (Test-Path -LiteralPath $place)) { $place = Split-Path -Path $place -Parent }
    if ($place -eq '') { return 'plain' }
    $attributes = [string](Get-Item -LiteralPath $place -Force -ErrorAction Stop).Attributes
    if ($attributes -match '\bEncrypted\b') { 'encrypted' } elseif ($attributes -match '\bCompressed\b') { 'compressed' } else { 'plain' }
}
