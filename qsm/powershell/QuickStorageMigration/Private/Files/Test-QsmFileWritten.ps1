function Test-QsmFileWritten {
    <#
    .SYNOPSIS
    Returns whether somebody has a file open for writing.

    .DESCRIPTION
    A file that can be opened without letting others write has no writer: its length and time are what they will be.

    .PARAMETER Path
    Full path of the file.

    .OUTPUTS
    System.Boolean

    .EXAMPLE
    Test-QsmFileWritten -Path 'D:\VMs\web\Virtual Machines\x.vmgs'
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path
    )

    try {
        [void](Read-QsmBytes -Path $Path -Offset 0 -Count 1 -Alone)
        $false
    } catch {
        if ('{0:X8}' -f (Get-QsmHResult -ErrorRecord $_) -ne '80070020') { throw }
        $true
    }
}
