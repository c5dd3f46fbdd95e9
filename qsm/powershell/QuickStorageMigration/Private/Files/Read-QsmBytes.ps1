function Read-QsmBytes {
    <#
    .SYNOPSIS
    Reads some bytes of a file.

    .DESCRIPTION
    One of the three functions that call .NET on a path of the host: no cmdlet reads from the middle of a file. Others may have
    the file open for reading and writing meanwhile, unless it is to be read alone. Fewer bytes come back if the file ends before.

    .PARAMETER Path
    Full path of the file.

    .PARAMETER Offset
    Where to begin, in bytes; a negative number counts from the end of the file.

    .PARAMETER Count
    How many bytes, 1 MiB at most.

    .PARAMETER Alone
    Fail with a sharing violation (0x80070020) where somebody has the file open for writing.

    .OUTPUTS
    System.Byte[]

    .EXAMPLE
    $footer = Read-QsmBytes -Path 'D:\VMs\disk.vhd' -Offset -512 -Count 512
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseSingularNouns', '', Justification = 'a single byte is never read')]
    [CmdletBinding()]
    [OutputType([byte[]])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Path,

        [Parameter(Mandatory = $true)]
        [long]$Offset,

        [Parameter(Mandatory = $true)]
        [ValidateRange(1, 1048576)]
        [int]$Count,

        [switch]$Alone
    )

    $target = $PSCmdlet.GetUnresolvedProviderPathFromPSPath($Path)
    $share = if ($Alone) { [IO.FileShare]::Read } else { [IO.FileShare]::ReadWrite -bor [IO.FileShare]::Delete }
    $stream = New-Object -TypeName System.IO.FileStream -ArgumentList $target, ([IO.FileMode]::Open), ([IO.FileAccess]::Read), $share
    try {
        $origin = if ($Offset -lt 0) { [IO.SeekOrigin]::End } else { [IO.SeekOrigin]::Begin }
        [void]$stream.Seek($Offset, $origin)
        $buffer = New-Object -TypeName 'byte[]' -ArgumentList $Count
        $filled = 0
        while ($filled -lt $Count) {
            $got = $stream.Read($buffer, $filled, $Count - $filled)
            if ($got -eq 0) { break }
            $filled += $got
        }
    } finally {
        $stream.Dispose()
    }
    if ($filled -lt $Count) { [Array]::Resize([ref]$buffer, $filled) }
    , $buffer
}
