function Open-QsmHeldFile {
    <#
    .SYNOPSIS
    Holds a file open as Hyper-V holds the frozen disk of a running VM: for reading, and others may only read.

    .DESCRIPTION
    One of the three functions that call .NET on a path of the host: no cmdlet keeps a file open. It stays open until
    Close-QsmHeldFile, or the end of this process; a file that is held already is let go.

    .PARAMETER Path
    Full path of the file.

    .OUTPUTS
    None

    .EXAMPLE
    Open-QsmHeldFile -Path $path
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Path
    )

    Close-QsmHeldFile
    $target = $PSCmdlet.GetUnresolvedProviderPathFromPSPath($Path)
    $script:QsmHeldFile = New-Object -TypeName System.IO.FileStream -ArgumentList $target, ([IO.FileMode]::Open), ([IO.FileAccess]::Read), ([IO.FileShare]::Read)
}
