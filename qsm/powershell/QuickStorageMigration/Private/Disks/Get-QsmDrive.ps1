function Get-QsmDrive {
    <#
    .SYNOPSIS
    Returns the hard disk drives of a VM and the file that is in each at this moment.

    .DESCRIPTION
    The cmdlets answer from a cache of their process that nothing but a change of state empties: after a checkpoint they may name
    the former files for 5 s. So which drives there are comes from them, and which file is in each from WMI, by the id that both
    have but for its last letter.

    .PARAMETER VM
    The VM as Get-VM gives it.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: slot, path (empty without a disk), pass_through, shared.

    .EXAMPLE
    Get-QsmDrive -VM (Get-QsmVMObject -VMId $VMId)
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM
    )

    $drives = @(Get-VMHardDiskDrive -VM $VM -ErrorAction Stop)
    $slots = Get-QsmDriveSlot -Drive $drives
    $files = @{}
    $settings = "Msvm_VirtualSystemSettingData.InstanceID=`"Microsoft:$($VM.Id.ToString().ToUpperInvariant())`""
    $query = "ASSOCIATORS OF {$settings} WHERE AssocClass=Msvm_VirtualSystemSettingDataComponent ResultClass=Msvm_StorageAllocationSettingData"
    foreach ($file in @(Invoke-QsmWmi -Namespace 'root\virtualization\v2' -Query $query)) {
        if ($null -ne $file -and $file.ResourceSubType -eq 'Microsoft:Hyper-V:Virtual Hard Disk') { $files[([string]$file.InstanceID -replace 'L\z', 'D')] = [string]@($file.HostResource)[0] }
    }
    foreach ($drive in $drives) {
        $id = [string]$drive.Id
        $physical = $null -ne (Get-QsmProperty -InputObject $drive -Name 'DiskNumber')
        $path = if ($physical) { [string]$drive.Path } else { [string]$files[$id] }
        [PSCustomObject][ordered]@{
            slot         = $slots[$id]
            path         = $path
            pass_through = $physical
            shared       = [bool](Get-QsmProperty -InputObject $drive -Name 'SupportPersistentReservations' -Default $false) -or $path -like '*.vhds'
        }
        $files.Remove($id)
    }
    if ($files.Count -gt 0) { throw (New-Object -TypeName System.InvalidOperationException -ArgumentList "VM '$($VM.Name)' on $env:COMPUTERNAME has got other drives just now: $(@($files.Keys) -join ', ').") }
}
