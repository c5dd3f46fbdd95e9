function Get-QsmContentIdentity {
    <#
    .SYNOPSIS
    Reads what identifies the contents of a virtual disk file; empty if a running VM locks it.

    .DESCRIPTION
    VHDX: the DataWriteGuid of the current header. VHD: the footer, the last 512 bytes, in hexadecimal digits; it carries the
    time stamp and the unique id. Another reader is refused while a VM writes to the file: only for that sharing violation
    (0x80070020) the identity is empty, any other trouble is an error. An empty identity never equals a read one.

    .PARAMETER Path
    Full path of the file.

    .PARAMETER Format
    VHD or VHDX.

    .OUTPUTS
    System.String

    .EXAMPLE
    Get-QsmContentIdentity -Path 'D:\VMs\disk.vhdx' -Format 'VHDX'
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path,

        [Parameter(Mandatory = $true)]
        [string]$Format
    )

    try {
        if ($Format -eq 'VHDX') { return Get-QsmVhdxIdentity -Path $Path }
        $footer = Read-QsmBytes -Path $Path -Offset (-512) -Count 512
    } catch {
        if ('{0:X8}' -f (Get-QsmHResult -ErrorRecord $_) -eq '80070020') { return '' }
        throw
    }
    [BitConverter]::ToString($footer).Replace('-', '').ToLowerInvariant()
}
