function Remove-QsmListedFile {
    <#
    .SYNOPSIS
    Removes files one by one that are on a list of what may be removed, and folders that are empty then.

    .DESCRIPTION
    Never a tree. What is not on the list, is in use or is a folder with something in it is kept, and reported with the reason; one
    that cannot be removed does not keep the others.

    .PARAMETER File
    Full paths of the files.

    .PARAMETER Allowed
    Full paths that may be removed.

    .PARAMETER Folder
    Folders to remove if they are empty, in this order.

    .PARAMETER Reason
    Why a file that is not on the list is kept.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of RemoveFilesResult.

    .EXAMPLE
    Remove-QsmListedFile -File $Files -Allowed $copied -Folder $Folders -Reason 'no copy of this migration made it' -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [string[]]$File,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [string[]]$Allowed,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [string[]]$Folder,

        [Parameter(Mandatory = $true)]
        [string]$Reason
    )

    $removed = @()
    $missing = @()
    $kept = @()
    foreach ($path in $File) {
        if (-not (Test-Path -LiteralPath $path)) { $missing += $path; continue }
        if (-not (Test-QsmSameText -Text $path -Other $Allowed)) { $kept += Get-QsmText -Name 'kept' -Value @{ path = $path; why = $Reason }; continue }
        if (Test-Path -LiteralPath $path -PathType Container) { $kept += Get-QsmText -Name 'kept' -Value @{ path = $path; why = Get-QsmText -Name 'kept_folder' }; continue }
        if (-not $PSCmdlet.ShouldProcess($path, 'Remove the file')) { continue }
        try {
            Remove-Item -LiteralPath $path -Force -Confirm:$false -ErrorAction Stop
            $removed += $path
        } catch {
            $kept += Get-QsmText -Name 'kept' -Value @{ path = $path; why = Get-QsmCause -ErrorRecord $_ }
        }
    }
    foreach ($path in $Folder) {
        if (-not (Test-Path -LiteralPath $path)) { $missing += $path; continue }
        if (-not (Test-Path -LiteralPath $path -PathType Container) -or $path -match '\A.:\\?\z') { $kept += Get-QsmText -Name 'kept' -Value @{ path = $path; why = Get-QsmText -Name 'kept_no_folder' }; continue }
        try {
            $inside = @(Get-ChildItem -LiteralPath $path -Force -ErrorAction Stop)
            if ($inside.Count -gt 0) { $kept += Get-QsmText -Name 'kept' -Value @{ path = $path; why = Get-QsmText -Name 'kept_not_empty' }; continue }
            if (-not $PSCmdlet.ShouldProcess($path, 'Remove the empty folder')) { continue }
            Remove-Item -LiteralPath $path -Force -Confirm:$false -ErrorAction Stop
            $removed += $path
        } catch {
            $kept += Get-QsmText -Name 'kept' -Value @{ path = $path; why = Get-QsmCause -ErrorRecord $_ }
        }
    }
    [PSCustomObject][ordered]@{ removed = $removed; missing = $missing; kept = $kept }
}
