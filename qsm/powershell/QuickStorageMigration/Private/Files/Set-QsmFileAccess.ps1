function Set-QsmFileAccess {
    <#
    .SYNOPSIS
    Grants an account a right on one file, or takes back what was granted.

    .DESCRIPTION
    By icacls.exe with the SID, which works with names that nobody can translate, touches the access list alone and reports by its
    exit code whether it succeeded. Set-Acl would write the owner as well. Taking back removes every explicit allow entry of
    the account: it is only used where there was none before.

    .PARAMETER Path
    Full path of the file.

    .PARAMETER Sid
    SID of the account.

    .PARAMETER Right
    Read or Full to grant, None to take back.

    .OUTPUTS
    None

    .EXAMPLE
    Set-QsmFileAccess -Path 'D:\VMs\disk.vhdx' -Sid $sid -Right Read -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path,

        [Parameter(Mandatory = $true)]
        [ValidatePattern('\AS-1-[0-9-]+\z')]
        [string]$Sid,

        [Parameter(Mandatory = $true)]
        [ValidateSet('Read', 'Full', 'None')]
        [string]$Right
    )

    if (-not $PSCmdlet.ShouldProcess($Path, "Set the access of $Sid to $Right")) { return }
    $letters = @{ Read = '(R)'; Full = '(F)' }
    $change = if ($Right -eq 'None') { @('/remove:g', "*$Sid") } else { @('/grant', "*$Sid`:$($letters[$Right])") }
    $preference = $ErrorActionPreference
    try {
        # A line on standard error of a program would stop the script before the exit code is known.
        $ErrorActionPreference = 'Continue'
        $said = & 'icacls.exe' $Path $change 2>&1
    } finally {
        $ErrorActionPreference = $preference
    }
    if ($LASTEXITCODE -ne 0) {
        throw (New-QsmError -Id 'HostFailed' -Category failed -Subject $Path -Facts @{ path = $Path; exit_code = [int]$LASTEXITCODE } -HResult (0x80070000L + $LASTEXITCODE) -Text 'access_not_set' -Value @{ sid = $Sid; right = $Right; path = $Path; code = $LASTEXITCODE; said = $said -join ' ' })
    }
}
