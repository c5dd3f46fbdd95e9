function Assert-QsmShare {
    <#
    .SYNOPSIS
    Proves that a share is there and lets an account read its files.

    .DESCRIPTION
    ShareFailed (failed) otherwise.

    .PARAMETER Name
    Name of the share.

    .PARAMETER Sid
    SID of the account.

    .PARAMETER File
    Full paths of the files.

    .OUTPUTS
    None

    .EXAMPLE
    Assert-QsmShare -Name $name -Sid $sid -File $Files
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Name,

        [Parameter(Mandatory = $true)]
        [string]$Sid,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [string[]]$File
    )

    if (Test-QsmShareOpen -Name $Name -Sid $Sid -File $File) { return }
    throw (New-QsmError -Id 'ShareFailed' -Category failed -Subject $Name -Facts @{ share = $Name } -Text 'share_not_there' -Value @{ name = $Name; sid = $Sid })
}
