# Access lists, as far as the bootstraps ask: owner, and whether inheritance is cut. They are kept in the mode of the
# file, so that they move with it when it is renamed: sticky = a foreign owner, 0700 = inheritance cut.

function ConvertTo-Mode([string]$Path) {
    $target = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path)
    if (-not (Test-Path -LiteralPath $Path)) { throw "Cannot find path '$Path' because it does not exist." }
    $target, [int][IO.File]::GetUnixFileMode($target)
}

function Get-Acl {
    [CmdletBinding()]
    param([Parameter(Position = 0)][string]$Path, [string]$LiteralPath)
    $asked = if ($LiteralPath) { $LiteralPath } else { $Path }
    $null, $mode = ConvertTo-Mode $asked
    $owner = if ($mode -band 0x200) { 'S-1-5-21-1-2-3-1001' } else { 'BA' }
    $cut = if ($mode -band 0x3f) { 'AI' } else { 'P' }
    $acl = [PSCustomObject]@{ Path = $asked; Sddl = "O:${owner}G:DUD:$cut(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"; Wanted = ''; Sections = '' }
    $acl | Add-Member -MemberType ScriptMethod -Name SetSecurityDescriptorSddlForm -Value { param($sddl, $sections) $this.Wanted = $sddl; $this.Sections = $sections } -PassThru
}

function Set-Acl {
    [CmdletBinding()]
    param([Parameter(Position = 0)][string]$Path, [Parameter(Position = 1)][object]$AclObject, [string]$LiteralPath)
    $asked = if ($LiteralPath) { $LiteralPath } else { $Path }
    $target, $mode = ConvertTo-Mode $asked
    if ($AclObject.Sections -match 'Owner' -and $AclObject.Wanted -match '^O:(BA|SY)') { $mode = $mode -band -bnot 0x200 }
    if ($AclObject.Sections -match 'Access') {
        $mode = ($mode -band -bnot 0x3f) -bor $(if ($AclObject.Wanted -match 'D:P') { 0 } else { 0x2d })
    }
    [IO.File]::SetUnixFileMode($target, [IO.UnixFileMode]$mode)
}

Export-ModuleMember -Function Get-Acl, Set-Acl
