function Get-QsmVhdxIdentity {
    <#
    .SYNOPSIS
    Reads the DataWriteGuid of a VHDX file: it changes whenever the contents change.

    .DESCRIPTION
    A file has two headers, at 64 KiB and 128 KiB; the valid one with the higher sequence number counts ([MS-VHDX] 2.2.2).
    Valid means the signature 'head' and a right CRC-32C over 4096 bytes with the checksum taken as zero. No valid header is
    an error: then nothing can be said of the contents.

    .PARAMETER Path
    Full path of the file.

    .OUTPUTS
    System.String: the GUID in lower case without braces.

    .EXAMPLE
    Get-QsmVhdxIdentity -Path 'D:\VMs\disk.vhdx'
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path
    )

    $best = $null
    [uint64]$highest = 0
    foreach ($offset in 65536, 131072) {
        $header = Read-QsmBytes -Path $Path -Offset $offset -Count 4096
        if ($header.Length -lt 4096 -or [Text.Encoding]::ASCII.GetString($header, 0, 4) -cne 'head') { continue }
        $sum = [long][BitConverter]::ToUInt32($header, 4)
        for ($index = 4; $index -lt 8; $index++) { $header[$index] = 0 }
        if ((Get-QsmCrc32C -Bytes $header) -ne $sum) { continue }
        $sequence = [BitConverter]::ToUInt64($header, 8)
        if ($null -eq $best -or $sequence -gt $highest) {
            $best = $header
            $highest = $sequence
        }
    }
    if ($null -eq $best) {
        throw (New-QsmError -Id 'HostFailed' -Category refused -Subject $Path -Facts @{ path = $Path } -Text 'no_vhdx_header' -Value @{ path = $Path })
    }
    (New-Object -TypeName System.Guid -ArgumentList (, [byte[]]$best[32..47])).ToString('D')
}
