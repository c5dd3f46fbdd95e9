function Get-QsmSavedStateFile {
    <#
    .SYNOPSIS
    Returns the files of a VM's saved state and guest state.

    .DESCRIPTION
    Since 2016 <id>.vmrs and <id>.vmgs lie beside the configuration, before that <id>.bin and <id>.vsv in a folder named after
    the id. Files that are not there are not reported.

    .PARAMETER VM
    The VM as Get-VM gives it.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of FileFacts.

    .EXAMPLE
    Get-QsmSavedStateFile -VM (Get-QsmVMObject -VMId $VMId)
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM
    )

    $id = ([string]$VM.Id).ToUpperInvariant()
    $folder = Join-Path -Path $VM.ConfigurationLocation -ChildPath 'Virtual Machines'
    foreach ($name in "$id.vmrs", "$id.vmgs", "$id\$id.bin", "$id\$id.vsv") {
        Get-QsmFileFact -Path (Join-Path -Path $folder -ChildPath $name)
    }
}
