function Get-QsmMissingGrant {
    <#
    .SYNOPSIS
    Returns which files need a read entry for an account.

    .DESCRIPTION
    A file that is not there or not below the folder is refused, and so is one that has explicit entries for the account that do
    not amount to reading: taking ours back later would take those too. All ShareFailed, nothing changed.

    .PARAMETER Folder
    The folder to be shared.

    .PARAMETER File
    Full paths of the files.

    .PARAMETER Sid
    SID of the account.

    .PARAMETER Known
    Files whose entry is ours already.

    .OUTPUTS
    System.String: paths.

    .EXAMPLE
    Get-QsmMissingGrant -Folder 'D:\VMs' -File 'D:\VMs\disk.vhdx' -Sid $sid -Known @()
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Folder,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [string[]]$File,

        [Parameter(Mandatory = $true)]
        [string]$Sid,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [string[]]$Known
    )

    foreach ($path in $File) {
        $why = ''
        if (-not (Test-QsmPathUnder -Path $path -Folder $Folder)) {
            $why = Get-QsmText -Name 'why_outside' -Value @{ folder = $Folder }
        } elseif ($null -eq (Get-QsmFileFact -Path $path)) {
            $why = Get-QsmText -Name 'why_missing'
        } else {
            $entries = @(Get-QsmAccessEntry -Sddl (Get-Acl -LiteralPath $path -ErrorAction Stop).Sddl)
            if (Test-QsmAccess -Entry $entries -Sid $Sid -Right Read) { continue }
            $own = @($entries | Where-Object { $_.sid -eq $Sid -and -not $_.inherited })
            if ($own.Count -eq 0 -or (Test-QsmSameText -Text $path -Other $Known)) {
                $path
                continue
            }
            $why = Get-QsmText -Name 'why_denied' -Value @{ sid = $Sid }
        }
        throw (New-QsmError -Id 'ShareFailed' -Category refused -Subject $path -Facts @{ path = $path } -Text 'file_not_shared' -Value @{ path = $path; why = $why })
    }
}
