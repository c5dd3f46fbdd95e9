function Get-QsmSavedStateFile {
    <#
    .SYNOPSIS
    Returns the files of a VM's saved state and guest state.

    .DESCRIPTION
    Since 2016 <id>.vmrs and <id>.vmgs lie beside the configuration, before that <id>.bin and <id>.vsv in a folder named after
    the id. Files that are not there are not reported.

    .PARAMETER VM
    The VM as Get-VM gives it.

    .PARAMETER Settled
    Report them once they stand still.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of FileFacts.

    .EXAMPLE
    Get-QsmSavedStateFile -VM (Get-QsmVMObject -VMId $VMId)
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM,

        [switch]$Settled
    )

    $id = ([string]$VM.Id).ToUpperInvariant()
    $folder = Join-Path -Path $VM.ConfigurationLocation -ChildPath 'Virtual Machines'
    $paths = @("$id.vmrs", "$id.vmgs", "$id\$id.bin", "$id\$id.vsv" | ForEach-Object { Join-Path -Path $folder -ChildPath $_ })
    if ($Settled) { Get-QsmSettledFile -Path $paths } else { $paths | ForEach-Object { Get-QsmFileFact -Path $_ } }
}
