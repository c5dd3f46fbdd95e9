function Get-QsmCheckpointType {
    <#
    .SYNOPSIS
    Returns which type of checkpoint a VM is set to; null where the host knows no types.

    .DESCRIPTION
    Types came with 2016. A host knows them if the VM has the property.

    .PARAMETER VM
    The VM as Get-VM gives it.

    .OUTPUTS
    System.String: Disabled, Production, ProductionOnly or Standard.

    .EXAMPLE
    Get-QsmCheckpointType -VM (Get-QsmVMObject -VMId $VMId)
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM
    )

    $type = Get-QsmProperty -InputObject $VM -Name 'CheckpointType'
    if ($null -eq $type) { return $null }
    [string]$type
}
