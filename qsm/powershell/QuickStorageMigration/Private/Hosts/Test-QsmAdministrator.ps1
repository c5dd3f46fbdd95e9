function Test-QsmAdministrator {
    <#
    .SYNOPSIS
    Returns whether the logon of this process holds the unfiltered token of an administrator.

    .DESCRIPTION
    A local account that is an administrator may get a filtered token over the network (User Account Control remote
    restrictions): it is still a member, but can change nothing. whoami.exe names the groups by SID: Administrators must be
    there (S-1-5-32-544), and the mandatory label must be High or System (S-1-16-12288, S-1-16-16384), which a filtered token
    is not. Unanswered counts as no. The names of the groups are translated by Windows, so they are not read.

    .OUTPUTS
    System.Boolean

    .EXAMPLE
    Test-QsmAdministrator
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param()

    try {
        $groups = (& 'whoami.exe' '/groups' '/fo' 'csv' '/nh') -join "`n"
    } catch {
        return $false
    }
    $groups -match '"S-1-5-32-544"' -and $groups -match '"S-1-16-(12288|16384)"'
}
