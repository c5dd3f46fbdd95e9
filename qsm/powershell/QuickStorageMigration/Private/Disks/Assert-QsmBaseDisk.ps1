function Assert-QsmBaseDisk {
    <#
    .SYNOPSIS
    Proves that a copied base disk is the one that the source froze.

    .DESCRIPTION
    Length and content identity must be as reported: DiskChainBroken (failed) with what was found and expected.

    .PARAMETER Request
    The request of the merge.

    .OUTPUTS
    None

    .EXAMPLE
    Assert-QsmBaseDisk -Request $request
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$Request
    )

    $disk = Get-QsmDiskFile -Path $Request.base
    $same = $disk.length_bytes -eq $Request.base_length_bytes -and $disk.content_identity -ne '' -and $disk.content_identity -eq $Request.base_content_identity
    if ($same) { return }
    $found = "$($disk.length_bytes) bytes, $($disk.content_identity)"
    $expected = "$($Request.base_length_bytes) bytes, $($Request.base_content_identity)"
    throw (New-QsmError -Id 'DiskChainBroken' -Category failed -Subject $Request.base -Facts @{ path = $Request.base; found = $found; expected = $expected } -Text 'base_is_another_disk' -Value @{ base = $Request.base; found = $found; expected = $expected })
}
