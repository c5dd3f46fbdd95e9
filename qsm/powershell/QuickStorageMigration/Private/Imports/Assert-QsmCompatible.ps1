function Assert-QsmCompatible {
    <#
    .SYNOPSIS
    Refuses to import a planned VM with findings left, or with disks that nobody chose.

    .DESCRIPTION
    ImportIncompatible (refused) with all findings: id, kind of source, text. A disk of the VM that has no copy, and a copy for a
    slot that the VM does not have, are findings too (id DiskSlot). Their paths are proved after the import, since the report's
    objects may show them as they were.

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
    $found = @($Report.VM.HardDrives | ForEach-Object { Get-QsmDriveSlot -Drive $_ } | Sort-Object)
    $expected = @($Disk | ForEach-Object { $_.slot } | Sort-Object)
    if (($found -join "`n") -ne ($expected -join "`n")) {
        $findings += [PSCustomObject][ordered]@{ id = 'DiskSlot'; source = 'VirtualMachine'; text = Get-QsmText -Name 'other_slots' -Value @{ found = $found -join "', '"; expected = $expected -join "', '" } }
    }
    if ($findings.Count -eq 0) { return }
    throw (New-QsmError -Id 'ImportIncompatible' -Category refused -Subject "$VMId" -Facts @{ findings = $findings } -Text 'import_incompatible' -Value @{ vm_id = $VMId; findings = @($findings | ForEach-Object { Get-QsmText -Name 'finding' -Value @{ text = $_.text; id = $_.id; source = $_.source } }) -join '; ' })
}
