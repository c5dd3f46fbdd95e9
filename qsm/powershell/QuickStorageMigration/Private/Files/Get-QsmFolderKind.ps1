function Get-QsmFolderKind {
    <#
    .SYNOPSIS
    Returns what kind of place a target folder is.

    .DESCRIPTION
    invalid: no full path, or names that Windows does not take; smb: on a share; missing: no such drive; root: the root of a
    volume, where Hyper-V cannot control access; csv: on a Cluster Shared Volume; compressed or encrypted: what is made in it would be;
    else local. The folder need not exist.

    .PARAMETER Folder
    The folder.

    .PARAMETER Mount
    Mount paths as Get-QsmMountPath reports them.

    .OUTPUTS
    System.String

    .EXAMPLE
    Get-QsmFolderKind -Folder 'D:\VMs\web01' -Mount @(Get-QsmMountPath)
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$Folder,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [object[]]$Mount
    )

    # Reserved characters, names that end in a dot or a blank, names of devices, also with an extension (the last three digits
    # are superscripts), names of more than 255 signs ("Naming Files, Paths, and Namespaces"); and empty names.
    $device = '\\(CON|PRN|AUX|NUL|(COM|LPT)[1-9\u00B9\u00B2\u00B3]) *(\.[^\\]*)?(\\|\z)'
    $wrong = '[<>:"/|?*\x00-\x1F]|[. ](\\|\z)|\\\\|[^\\]{256}|' + $device
    if ($Folder -notmatch '\A([A-Za-z]:\\|\\\\[^\\?.])' -or $Folder.Substring(2) -match $wrong) { return 'invalid' }
    if ($Folder.StartsWith('\\')) {
        if ($Folder -match '\A\\\\[^\\]+\\[^\\]+') { return 'smb' }
        return 'invalid'
    }
    $found = $Mount | Where-Object { Test-QsmPathUnder -Path $Folder -Folder $_.root } |
        Sort-Object -Property { $_.root.Length } -Descending | Select-Object -First 1
    if ($null -eq $found) { return 'missing' }
    if (Test-QsmSameText -Text $Folder.TrimEnd('\') -Other $found.root.TrimEnd('\')) { return 'root' }
    if ($found.csv) { return 'csv' }
    $form = Get-QsmStorageForm -Path $Folder
    if ($form -eq 'plain') { 'local' } else { $form }
}
