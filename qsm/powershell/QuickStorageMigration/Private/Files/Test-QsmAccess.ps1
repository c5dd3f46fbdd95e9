function Test-QsmAccess {
    <#
    .SYNOPSIS
    Returns whether access entries grant an account a right by its own name.

    .DESCRIPTION
    Groups are not followed: only entries for the account itself count, and one that denies any part of the right wins.

    .PARAMETER Entry
    Entries as Get-QsmAccessEntry reports them.

    .PARAMETER Sid
    SID of the account.

    .PARAMETER Right
    Read or Full.

    .OUTPUTS
    System.Boolean

    .EXAMPLE
    Test-QsmAccess -Entry $entries -Sid $sid -Right Read
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [object[]]$Entry,

        [Parameter(Mandatory = $true)]
        [string]$Sid,

        [Parameter(Mandatory = $true)]
        [ValidateSet('Read', 'Full')]
        [string]$Right
    )

    # FILE_GENERIC_READ and FILE_ALL_ACCESS ([MS-DTYP] 2.4.3).
    $wanted = if ($Right -eq 'Read') { 0x120089 } else { 0x1F01FF }
    $granted = 0
    foreach ($one in $Entry) {
        if ($one.sid -ne $Sid -or -not $one.applies) { continue }
        if (-not $one.allow -and ($one.mask -band $wanted)) { return $false }
        if ($one.allow) { $granted = $granted -bor $one.mask }
    }
    ($granted -band $wanted) -eq $wanted
}
