function Export-QsmVMConfiguration {
    <#
    .SYNOPSIS
    Exports the configuration and the saved memory of a VM, without its disks and checkpoints.

    .DESCRIPTION
    Export-VM always copies disks, so ExportSystemDefinition is called ("Exporting the configuration of a virtual machine"). It
    goes into the folder that the plan names, on a volume with room for the memory; an older export there is removed first, file
    by file. Windows may make
    differencing disks for storage that is not copied: where that can be switched off it is, and what Windows makes there anyway is
    removed. The VM's own disks must be the same afterwards, and all of its files be there, which are
    reported once they stand still. Anything else is ExportFailed (failed).

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of ExportResult.

    .EXAMPLE
    Export-QsmVMConfiguration -VMId $VMId -MigrationId $MigrationId -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    $vm = Get-QsmVMObject -VMId $VMId -Required
    $folder = Get-QsmExportFolder -MigrationId $MigrationId -Required
    if (-not $PSCmdlet.ShouldProcess($vm.Name, "Export the configuration to '$folder'")) { return }
    try {
        Remove-QsmFolder -Path $folder
        New-QsmClosedFolder -Path $folder -Confirm:$false
        $before = @(Get-QsmDrive -VM $vm | ForEach-Object { "$($_.slot) $($_.path)" } | Sort-Object)
        Invoke-QsmExport -VMId $VMId -Folder $folder
        foreach ($disk in @(Get-QsmTreeFile -Folder $folder | Where-Object { $_ -match '\.a?vhdx?\z' })) { Remove-Item -LiteralPath $disk -Force -Confirm:$false -ErrorAction Stop }
        $after = @(Get-QsmDrive -VM $vm | ForEach-Object { "$($_.slot) $($_.path)" } | Sort-Object)
        if (($before -join "`n") -ne ($after -join "`n")) {
            throw (New-QsmError -Id 'ExportFailed' -Category failed -Subject "$VMId" -Facts @{ hresult = $null; found = $after; expected = $before } -Text 'export_changed_disks' -Value @{ vm = $vm.Name; found = $after -join ', '; expected = $before -join ', ' })
        }
        $paths = @(Get-QsmTreeFile -Folder $folder)
        $configuration = Assert-QsmExportWhole -VM $vm -File $paths -Folder $folder
        $files = @(Get-QsmSettledFile -Path $paths)
    } catch {
        throw (ConvertTo-QsmFailure -Cause $_ -Id 'ExportFailed' -Subject "$VMId" -Text 'export_failed' -Value @{ vm = $vm.Name; folder = $folder })
    }
    [PSCustomObject][ordered]@{ folder = $folder; configuration = $configuration; files = $files }
}
