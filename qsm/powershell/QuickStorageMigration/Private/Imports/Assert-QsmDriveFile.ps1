function Assert-QsmDriveFile {
    <#
    .SYNOPSIS
    Refuses a planned VM in which a drive names the file of another disk.

    .DESCRIPTION
    Before a drive is pointed at a copy, the file that the exported configuration names in it is the second witness of which disk
    it is: if device ids were drawn anew, a copy would go to the wrong drive, and restored memory would write to it. So a drive
    that names another disk's file, whole or by its last part (Compare-VM may have found a file of that name beside the
    configuration), is ImportIncompatible (refused, id DiskSlot). A file that no disk had proves nothing.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER Report
    The report of the first comparison.

    .PARAMETER Disk
    Slot of each disk, and the file that it was at the source (was).

    .OUTPUTS
    None

    .EXAMPLE
    Assert-QsmDriveFile -VMId $VMId -Report $report -Disk $Disks
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [object]$Report,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [object[]]$Disk
    )

    $drives = @($Report.VM.HardDrives)
    $slots = Get-QsmDriveSlot -Drive $drives
    $findings = @(foreach ($drive in $drives) {
            $slot, $path = $slots[[string]$drive.Id], [string]$drive.Path
            $own = $Disk | Where-Object { $_.slot -eq $slot } | Select-Object -First 1
            if ($null -eq $own -or $path -eq '' -or (Test-QsmSameText -Text $path -Other $own.was)) { continue }
            $name = Split-Path -Path $path -Leaf
            $whole = @($Disk | Where-Object { $_.slot -ne $slot -and (Test-QsmSameText -Text $path -Other $_.was) })
            $part = @($Disk | Where-Object { $_.slot -ne $slot -and (Test-QsmSameText -Text $name -Other (Split-Path -Path $_.was -Leaf)) })
            if ($whole.Count -eq 0 -and ($part.Count -eq 0 -or (Test-QsmSameText -Text $name -Other (Split-Path -Path $own.was -Leaf)))) { continue }
            [PSCustomObject][ordered]@{ id = 'DiskSlot'; source = 'HardDiskDrive'; text = Get-QsmText -Name 'other_disk' -Value @{ slot = $slot; found = $path; expected = $own.was } }
        })
    if ($findings.Count -eq 0) { return }
    throw (New-QsmImportError -VMId $VMId -Finding $findings)
}
