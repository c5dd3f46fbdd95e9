function Get-QsmVMSetting {
    <#
    .SYNOPSIS
    Returns the settings of a VM as they are at this moment.

    .DESCRIPTION
    Msvm_VirtualSystemSettingData, since the properties of a VM object may be 5 s old: a setting that is changed for a while and
    put back must not be put back to what it was before somebody else changed it.

    .PARAMETER VM
    The VM as Get-VM gives it.

    .OUTPUTS
    System.Management.ManagementObject; nothing if WMI has none.

    .EXAMPLE
    Get-QsmProperty -InputObject (Get-QsmVMSetting -VM $vm) -Name 'UserSnapshotType'
    #>
    [CmdletBinding()]
    [OutputType([object])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM
    )

    $filter = "InstanceID='Microsoft:$($VM.Id.ToString().ToUpperInvariant())'"
    Invoke-QsmWmi -Namespace 'root\virtualization\v2' -Class 'Msvm_VirtualSystemSettingData' -Filter $filter | Select-Object -First 1
}
