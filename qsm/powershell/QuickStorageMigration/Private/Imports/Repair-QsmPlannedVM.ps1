function Repair-QsmPlannedVM {
    <#
    .SYNOPSIS
    Points a planned VM at the files and switches of this host, and reports what was changed.

    .DESCRIPTION
    Every disk by slot and every adapter that was chosen for, whatever the report says. Of its findings only a missing DVD image
    is repaired besides, by emptying the drive. Findings are told apart by the type of their source, never by their words.
    What is not repaired is found by the next comparison. A switch is given as an object: its name would be taken for a pattern.

    .PARAMETER Report
    The report of Compare-VM.

    .PARAMETER Disk
    Slot and path of each disk.

    .PARAMETER SwitchChoice
    Id of an adapter and its switch, or null.

    .PARAMETER Pinned
    Id of an adapter and its MAC address, which is made static.

    .OUTPUTS
    System.String: what was changed.

    .EXAMPLE
    Repair-QsmPlannedVM -Report $report -Disk $Disks -SwitchChoice $Switches -Pinned $Pinned -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$Report,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [object[]]$Disk,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [object[]]$SwitchChoice,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [object[]]$Pinned
    )

    if (-not $PSCmdlet.ShouldProcess($Report.VM.Name, 'Repair the planned VM')) { return }
    $slots = Get-QsmDriveSlot -Drive @($Report.VM.HardDrives)
    foreach ($drive in @($Report.VM.HardDrives)) {
        $slot = $slots[[string]$drive.Id]
        $wanted = $Disk | Where-Object { $_.slot -eq $slot } | Select-Object -First 1
        if ($null -eq $wanted -or (Test-QsmSameText -Text $drive.Path -Other $wanted.path)) { continue }
        Set-VMHardDiskDrive -VMHardDiskDrive $drive -Path $wanted.path -Confirm:$false -ErrorAction Stop
        "disk $slot`: $($wanted.path)"
    }
    foreach ($adapter in @($Report.VM.NetworkAdapters)) {
        $choice = $SwitchChoice | Where-Object { $_.adapter_id -eq [string]$adapter.Id } | Select-Object -First 1
        if ($null -eq $choice) { continue }
        if ($choice.switch_name) {
            $switches = @(Get-VMSwitch -ErrorAction Stop | Where-Object { Test-QsmSameText -Text $_.Name -Other $choice.switch_name })
            if ($switches.Count -ne 1) { throw (New-Object -TypeName System.InvalidOperationException -ArgumentList (Get-QsmText -Name 'switch_not_one' -Value @{ count = $switches.Count; switch = $choice.switch_name })) }
            Connect-VMNetworkAdapter -VMNetworkAdapter $adapter -VMSwitch $switches[0] -Confirm:$false -ErrorAction Stop
            "adapter $($adapter.Name): switch $($choice.switch_name)"
        } else {
            Disconnect-VMNetworkAdapter -VMNetworkAdapter $adapter -Confirm:$false -ErrorAction Stop
            "adapter $($adapter.Name): disconnected"
        }
    }
    foreach ($adapter in @($Report.VM.NetworkAdapters)) {
        $pin = $Pinned | Where-Object { $_.adapter_id -eq [string]$adapter.Id } | Select-Object -First 1
        if ($null -eq $pin) { continue }
        Set-VMNetworkAdapter -VMNetworkAdapter $adapter -StaticMacAddress $pin.mac_address -Confirm:$false -ErrorAction Stop
        "adapter $($adapter.Name): MAC address $($pin.mac_address) made static"
    }
    foreach ($finding in @($Report.Incompatibilities)) {
        if ($null -eq $finding -or (Get-QsmSourceType -Source $finding.Source) -ne 'DvdDrive') { continue }
        Set-VMDvdDrive -VMDvdDrive $finding.Source -Path $null -Confirm:$false -ErrorAction Stop
        "DVD drive $($finding.Source.ControllerType) $($finding.Source.ControllerNumber):$($finding.Source.ControllerLocation): emptied"
    }
}
