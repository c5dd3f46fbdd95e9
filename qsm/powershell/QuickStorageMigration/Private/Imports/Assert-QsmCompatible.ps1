function Assert-QsmCompatible {
    <#
    .SYNOPSIS
    Refuses to import a planned VM with findings left, or with disks that nobody chose.

    .DESCRIPTION
    ImportIncompatible (refused) with all findings: id, kind of source, text. A disk of the VM that has no copy, and a copy for a
    slot that the VM does not have, are findings too (id DiskSlot), and so is a disk at another path (id DiskPath): where the
    folder 'Virtual Hard Disks' beside the configuration holds a file of each disk's name, every comparison and the import itself
    point all disks there, whatever was set before. The imported VM's paths are proved once more.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER Report
    The report of the second comparison.

    .PARAMETER Disk
    Slot and path of each disk.

    .OUTPUTS
    None

    .EXAMPLE
    Assert-QsmCompatible -VMId $VMId -Report $report -Disk $Disks
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

    $findings = @(foreach ($finding in @($Report.Incompatibilities)) {
            if ($null -ne $finding) { [PSCustomObject][ordered]@{ id = [string]$finding.MessageId; source = Get-QsmSourceType -Source $finding.Source; text = [string]$finding.Message } }
        })
    $drives = @($Report.VM.HardDrives)
    $slots = Get-QsmDriveSlot -Drive $drives
    $found = @($slots.Values | Sort-Object)
    $expected = @($Disk | ForEach-Object { $_.slot } | Sort-Object)
    $foundPaths = @($drives | ForEach-Object { "$($slots[[string]$_.Id]) $($_.Path)" } | Sort-Object) -join ', '
    $expectedPaths = @($Disk | ForEach-Object { "$($_.slot) $($_.path)" } | Sort-Object) -join ', '
    if (($found -join "`n") -ne ($expected -join "`n")) {
        $findings += [PSCustomObject][ordered]@{ id = 'DiskSlot'; source = 'VirtualMachine'; text = Get-QsmText -Name 'other_slots' -Value @{ found = $found -join "', '"; expected = $expected -join "', '" } }
    }
    elseif (-not (Test-QsmSameText -Text $foundPaths -Other $expectedPaths)) {
        $findings += [PSCustomObject][ordered]@{ id = 'DiskPath'; source = 'VirtualMachine'; text = Get-QsmText -Name 'other_paths' -Value @{ found = $foundPaths; expected = $expectedPaths } }
    }
    if ($findings.Count -eq 0) { return }
    throw (New-QsmImportError -VMId $VMId -Finding $findings)
}
