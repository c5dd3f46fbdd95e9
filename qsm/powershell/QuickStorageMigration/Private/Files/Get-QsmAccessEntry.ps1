function Get-QsmAccessEntry {
    <#
    .SYNOPSIS
    Reads the access entries out of a security descriptor in text form (SDDL).

    .DESCRIPTION
    SDDL is not translated and holds SIDs ("Security Descriptor Definition Language", "ACE Strings"). Rights are letters or a
    hexadecimal number; the letters are added up to the mask. Two-letter SIDs of well-known accounts stay as they are.

    .PARAMETER Sddl
    The security descriptor.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: sid, allow, inherited, applies (not only to what lies below), mask.

    .EXAMPLE
    Get-QsmAccessEntry -Sddl (Get-Acl -LiteralPath $path).Sddl
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$Sddl
    )

    # Numbers beyond 0x7FFFFFFF are written in decimal: PowerShell would read them as negative.
    $letters = @{
        CC = 0x1; DC = 0x2; LC = 0x4; SW = 0x8; RP = 0x10; WP = 0x20; DT = 0x40; LO = 0x80; CR = 0x100
        SD = 0x10000; RC = 0x20000; WD = 0x40000; WO = 0x80000
        FA = 0x1F01FF; FR = 0x120089; FW = 0x120116; FX = 0x1200A0
        GA = 0x1F01FF; GR = 0x120089; GW = 0x120116; GX = 0x1200A0
    }
    $access = if ($Sddl -match 'D:[A-Z]*((?:\([^)]*\))*)') { $Matches[1] } else { '' }
    foreach ($text in [regex]::Matches($access, '\(([^)]*)\)')) {
        $kind, $flags, $rights, $object, $inherited, $sid = $text.Groups[1].Value -split ';'
        if ($kind -ne 'A' -and $kind -ne 'D') { continue }
        [long]$mask = 0
        if ($rights -match '\A0x([0-9A-Fa-f]{1,8})\z') {
            $mask = [Convert]::ToInt64($Matches[1], 16)
        } else {
            foreach ($letter in [regex]::Matches($rights, '[A-Z]{2}')) { $mask = $mask -bor [long]$letters[$letter.Value] }
        }
        [PSCustomObject]@{
            sid       = $sid
            allow     = $kind -eq 'A'
            inherited = $flags -match '\A(..)*ID'
            applies   = $flags -notmatch '\A(..)*IO'
            mask      = $mask
        }
    }
}
