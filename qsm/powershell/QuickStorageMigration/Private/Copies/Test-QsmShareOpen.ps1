function Test-QsmShareOpen {
    <#
    .SYNOPSIS
    Returns whether a share is there and grants an account to read it and some files.

    .DESCRIPTION
    Both the share's own access list and those of the files are looked at. Files that are gone do not count against it.

    .PARAMETER Name
    Name of the share.

    .PARAMETER Sid
    SID of the account.

    .PARAMETER File
    Full paths of the files.

    .OUTPUTS
    System.Boolean

    .EXAMPLE
    Test-QsmShareOpen -Name $note.name -Sid $note.sid -File $note.grants
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Name,

        [Parameter(Mandatory = $true)]
        [string]$Sid,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [string[]]$File
    )

    $share = Get-QsmShare -Name $Name
    if ($null -eq $share) { return $false }
    $entries = @(Get-QsmAccessEntry -Sddl ([string](Get-QsmProperty -InputObject $share -Name 'SecurityDescriptor' -Default '')))
    if (-not (Test-QsmAccess -Entry $entries -Sid $Sid -Right Read)) { return $false }
    foreach ($path in $File) {
        if ((Test-Path -LiteralPath $path) -and -not (Test-QsmFileAccess -Path $path -Sid $Sid -Right Read)) { return $false }
    }
    $true
}
