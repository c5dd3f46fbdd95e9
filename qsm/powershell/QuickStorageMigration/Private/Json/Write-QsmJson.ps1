function Write-QsmJson {
    <#
    .SYNOPSIS
    Writes a JSON file whole, or not at all.

    .DESCRIPTION
    The text goes to the disk under another name and is put in place by one act, so that a killed process or a power cut
    leaves either the old file or the new one. This is one of the two functions that call .NET on a path of the host:
    Move-Item -Force removes the old file first. With -New a rename that refuses an existing name publishes it: of two
    writers exactly one wins, the other gets FileInTheWay (refused, facts: path). A reader that has the old file open makes
    the replacement fail for a moment, so it is tried again for five seconds. The folder must exist.

    .PARAMETER Path
    Full path of the file.

    .PARAMETER Value
    What is written, as ConvertTo-QsmJson takes it.

    .PARAMETER New
    The file must not exist yet.

    .OUTPUTS
    None

    .EXAMPLE
    Write-QsmJson -Path $path -Value $record
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Path,

        [Parameter(Mandatory = $true)]
        [object]$Value,

        [switch]$New
    )

    $bytes = [Text.Encoding]::ASCII.GetBytes((ConvertTo-QsmJson -InputObject $Value) + "`n")
    $target = $PSCmdlet.GetUnresolvedProviderPathFromPSPath($Path)
    $written = "$target.$PID.new"
    $stream = New-Object -TypeName System.IO.FileStream -ArgumentList $written, ([IO.FileMode]::Create), ([IO.FileAccess]::Write), ([IO.FileShare]::None), 4096, ([IO.FileOptions]::WriteThrough)
    try {
        $stream.Write($bytes, 0, $bytes.Length)
        $stream.Flush($true)
    } finally {
        $stream.Dispose()
    }

    $tries = 0
    while ($true) {
        $tries++
        try {
            if ($New -or -not [IO.File]::Exists($target)) { [IO.File]::Move($written, $target) } else { [IO.File]::Replace($written, $target, [NullString]::Value) }
            return
        } catch {
            $cause = $_
            if ($New -and [IO.File]::Exists($target)) {
                [IO.File]::Delete($written)
                throw (New-QsmError -Id 'FileInTheWay' -Category 'refused' -Subject $Path -Facts @{ path = $Path } -Text 'file_exists' -Value @{ path = $Path })
            }
            if ($tries -gt 100) {
                [IO.File]::Delete($written)
                throw $cause
            }
        }
        Start-Sleep -Milliseconds 50
    }
}
