function Invoke-QsmExport {
    <#
    .SYNOPSIS
    Calls ExportSystemDefinition for the configuration and saved memory of a VM, and waits for its end.

    .DESCRIPTION
    The settings are those of the VM itself (associated by Msvm_SystemExportSettingData), changed and passed as text: snapshots none
    (1), saved state yes, storage no, no folder of its own. DisableDifferentialOfIgnoredStorage exists since 1709. Fields of
    newer versions keep their values.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER Folder
    Where to export to.

    .OUTPUTS
    None

    .EXAMPLE
    Invoke-QsmExport -VMId $VMId -Folder $folder
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [string]$Folder
    )

    $space = 'root\virtualization\v2'
    $id = $VMId.ToString().ToUpperInvariant()
    $system = Invoke-QsmWmi -Namespace $space -Class 'Msvm_ComputerSystem' -Filter "Name='$id'"
    $settings = Invoke-QsmWmi -Namespace $space -Query "ASSOCIATORS OF {$($system.__RELPATH)} WHERE AssocClass=Msvm_SystemExportSettingData ResultClass=Msvm_VirtualSystemExportSettingData" | Select-Object -First 1
    if ($null -eq $settings) { throw (New-Object -TypeName System.InvalidOperationException -ArgumentList "Hyper-V on $env:COMPUTERNAME gives no settings for an export of VM $VMId.") }
    $settings.CopySnapshotConfiguration = 1
    $settings.CopyVmRuntimeInformation = $true
    $settings.CopyVmStorage = $false
    $settings.CreateVmExportSubdirectory = $false
    if ($null -ne $settings.PSObject.Properties['DisableDifferentialOfIgnoredStorage']) { $settings.DisableDifferentialOfIgnoredStorage = $true }
    $service = Invoke-QsmWmi -Namespace $space -Class 'Msvm_VirtualSystemManagementService'
    $answer = Invoke-QsmWmi -InputObject $service -Method 'ExportSystemDefinition' -Argument @{
        ComputerSystem    = $system.__PATH
        ExportDirectory   = $Folder
        ExportSettingData = $settings.GetText(1)
    }
    Wait-QsmWmiJob -Answer $answer -ErrorId 'ExportFailed' -What 'The export of the configuration' -Subject "$VMId" -LimitSeconds 1700
}
