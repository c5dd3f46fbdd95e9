function Test-QsmFileAccess {
    <#
    .SYNOPSIS
    Returns whether a file grants an account a right by its own name.

    .DESCRIPTION
    Inherited entries count.

    .PARAMETER Path
    Full path of the file.

    .PARAMETER Sid
    SID of the account.

    .PARAMETER Right
    Read or Full.

    .OUTPUTS
    System.Boolean

    .EXAMPLE
    Test-QsmFileAccess -Path 'D:\VMs\disk.vhdx' -Sid $sid -Right Read
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path,

        [Parameter(Mandatory = $true)]
        [string]$Sid,

        [Parameter(Mandatory = $true)]
        [ValidateSet('Read', 'Full')]
        [string]$Right
    )

    $entries = @(Get-QsmAccessEntry -Sddl (Get-Acl -LiteralPath $Path -ErrorAction Stop).Sddl)
    Test-QsmAccess -Entry $entries -Sid $Sid -Right $Right
}
