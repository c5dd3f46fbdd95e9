function Assert-QsmExportWhole {
    <#
    .SYNOPSIS
    Proves that an export holds the configuration and each file of the VM's saved state and guest state.

    .DESCRIPTION
    All of .vmcx, .vmgs and .vmrs are needed (Microsoft's "Hyper-V backup approaches"); before 2016 .xml, .bin and .vsv. What lies
    beside the VM's configuration must have come along, and a saved VM has its memory. ExportFailed (failed) names what lacks.

    .PARAMETER VM
    The VM as Get-VM gives it.

    .PARAMETER File
    Full paths of the exported files.

    .PARAMETER Folder
    Where they lie.

    .OUTPUTS
    System.String: the exported configuration.

    .EXAMPLE
    Assert-QsmExportWhole -VM $vm -File $paths -Folder $folder
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [string[]]$File,

        [Parameter(Mandatory = $true)]
        [string]$Folder
    )

    $names = @($File | ForEach-Object { Split-Path -Path $_ -Leaf })
    $configuration = @($File | Where-Object { (Split-Path -Path $_ -Leaf) -match "\A$($VM.Id)\.(vmcx|xml)\z" })
    if ($configuration.Count -ne 1) {
        throw (New-QsmError -Id 'ExportFailed' -Category failed -Subject "$($VM.Id)" -Facts @{ hresult = $null; found = $File } -Text 'export_without_configuration' -Value @{ vm = $VM.Name; folder = $Folder; count = $configuration.Count })
    }
    $missing = @(Get-QsmSavedStateFile -VM $VM | ForEach-Object { Split-Path -Path $_.path -Leaf } | Where-Object { -not (Test-QsmSameText -Text $_ -Other $names) })
    if ([string]$VM.State -eq 'Saved' -and $missing.Count -eq 0 -and @($names | Where-Object { $_ -match '\.(vmrs|bin)\z' }).Count -eq 0) { $missing = @("$($VM.Id).vmrs") }
    if ($missing.Count -gt 0) {
        throw (New-QsmError -Id 'ExportFailed' -Category failed -Subject "$($VM.Id)" -Facts @{ hresult = $null; found = $File; missing = $missing } -Text 'export_not_whole' -Value @{ vm = $VM.Name; folder = $Folder; missing = $missing -join ', ' })
    }
    $configuration[0]
}
