function Get-QsmVMSid {
    <#
    .SYNOPSIS
    Returns the SID under which a VM opens its disks: that of NT VIRTUAL MACHINE\<id>.

    .DESCRIPTION
    It is S-1-5-83-1 followed by the four 32-bit words of the GUID in the order of its bytes ("How virtual machine IDs map to
    SIDs", visible in any disk's access list). Computed, so that it is known before the VM is registered.

    .PARAMETER VMId
    Id of the VM.

    .OUTPUTS
    System.String

    .EXAMPLE
    Get-QsmVMSid -VMId $VMId
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId
    )

    $bytes = $VMId.ToByteArray()
    $words = foreach ($offset in 0, 4, 8, 12) { [BitConverter]::ToUInt32($bytes, $offset) }
    'S-1-5-83-1-' + ($words -join '-')
}
