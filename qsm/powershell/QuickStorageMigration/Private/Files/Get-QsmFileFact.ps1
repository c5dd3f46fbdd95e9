function Get-QsmFileFact {
    <#
    .SYNOPSIS
    Returns name, length and time of a file; null if there is none.

    .DESCRIPTION
    The time is that of the last write in ticks of UTC, since a number survives every reader of JSON. A folder of that name
    is no file. Hidden files count.

    .PARAMETER Path
    Full path of the file.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of FileFacts.

    .EXAMPLE
    Get-QsmFileFact -Path 'D:\VMs\disk.vhdx'
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Path
    )

    try {
        $file = Get-Item -LiteralPath $Path -Force
    } catch [System.Management.Automation.ItemNotFoundException] {
        return
    }
    if ($file.PSIsContainer) { return }
    [PSCustomObject][ordered]@{
        path             = $Path
        length_bytes     = [long]$file.Length
        last_write_ticks = [long]$file.LastWriteTimeUtc.Ticks
    }
}
