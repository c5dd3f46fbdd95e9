function Assert-QsmCopiedFile {
    <#
    .SYNOPSIS
    Proves that a file that came over is the one that the source reported.

    .DESCRIPTION
    Length and time of the last write must be equal: CopyAltered (failed) with what was found and expected. BITS keeps the time
    of files from a share.

    .PARAMETER File
    One file of the request.

    .OUTPUTS
    None

    .EXAMPLE
    Assert-QsmCopiedFile -File $request.files[0]
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$File
    )

    $path = $File.destination
    $fact = Get-QsmFileFact -Path $path
    if ($null -ne $fact -and $fact.length_bytes -eq $File.length_bytes -and $fact.last_write_ticks -eq $File.last_write_ticks) { return }
    $found = if ($null -eq $fact) { Get-QsmText -Name 'no_file' } else { "$($fact.length_bytes) bytes, time $($fact.last_write_ticks)" }
    $expected = "$($File.length_bytes) bytes, time $($File.last_write_ticks)"
    throw (New-QsmError -Id 'CopyAltered' -Category failed -Subject $path -Facts @{ path = $path; found = $found; expected = $expected } -Text 'copy_altered' -Value @{ path = $path; found = $found; expected = $expected; source = $File.source })
}
