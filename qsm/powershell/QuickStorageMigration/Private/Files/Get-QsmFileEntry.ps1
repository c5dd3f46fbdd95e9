function Get-QsmFileEntry {
    <#
    .SYNOPSIS
    Returns all files below a folder with their explicit access entries.

    .DESCRIPTION
    Inherited entries come and go with the folder and are left out. An entry reads account:right, with "deny " before the
    right where it denies. A folder that does not exist has no files; a file that goes away meanwhile is left out.

    .PARAMETER Folder
    The folder.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of FileEntry.

    .EXAMPLE
    Get-QsmFileEntry -Folder 'D:\VMs'
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Folder
    )

    if (-not (Test-Path -LiteralPath $Folder)) { return }
    foreach ($item in @(Get-ChildItem -LiteralPath $Folder -Recurse -Force -ErrorAction Stop | Where-Object { -not $_.PSIsContainer })) {
        $path = [string]$item.FullName
        $file = Get-QsmFileFact -Path $path
        if ($null -eq $file) { continue }
        $rules = @((Get-Acl -LiteralPath $path -ErrorAction Stop).Access | Where-Object { -not $_.IsInherited })
        $access = @($rules | ForEach-Object {
                $deny = if ([string]$_.AccessControlType -eq 'Deny') { 'deny ' } else { '' }
                "$($_.IdentityReference):$deny$($_.FileSystemRights)"
            })
        [PSCustomObject][ordered]@{
            path             = $path
            length_bytes     = $file.length_bytes
            last_write_ticks = $file.last_write_ticks
            access           = @($access | Sort-Object)
        }
    }
}
