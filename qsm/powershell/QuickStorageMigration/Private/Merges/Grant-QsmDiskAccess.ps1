function Grant-QsmDiskAccess {
    <#
    .SYNOPSIS
    Sees to it that a VM may open its disks, and reports which had to be granted.

    .DESCRIPTION
    Without full control of NT VIRTUAL MACHINE\<id> on each disk the start fails with 0x80070005. Windows usually grants it when a
    disk is attached. It is proved after the grant: ImportFailed (failed).

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER Disk
    Slot and path of each disk.

    .OUTPUTS
    System.String: what was changed.

    .EXAMPLE
    Grant-QsmDiskAccess -VMId $VMId -Disk $Disks -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [object[]]$Disk
    )

    $sid = Get-QsmVMSid -VMId $VMId
    foreach ($one in $Disk) {
        if (Test-QsmFileAccess -Path $one.path -Sid $sid -Right Full) { continue }
        if (-not $PSCmdlet.ShouldProcess($one.path, "Grant full control to VM $VMId")) { continue }
        Set-QsmFileAccess -Path $one.path -Sid $sid -Right Full -Confirm:$false
        "disk $($one.slot): access granted"
        if (Test-QsmFileAccess -Path $one.path -Sid $sid -Right Full) { continue }
        throw (New-QsmError -Id 'ImportFailed' -Category failed -Subject $one.path -Facts @{ hresult = $null; path = $one.path } -Text 'disk_access_not_granted' -Value @{ vm_id = $VMId; path = $one.path })
    }
}
