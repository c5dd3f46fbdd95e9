function Get-QsmCheckpointType {
    <#
    .SYNOPSIS
    Returns which type of checkpoint a VM is set to; null where the host knows no types.

    .DESCRIPTION
    Types came with 2016. A host knows them if the settings of the VM, as WMI gives them at this moment, have UserSnapshotType.

    .PARAMETER Setting
    What Get-QsmVMSetting gives of the VM.

    .OUTPUTS
    System.String: Disabled, Production, ProductionOnly or Standard.

    .EXAMPLE
    Get-QsmCheckpointType -Setting (Get-QsmVMSetting -VM $vm)
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowNull()]
        [object]$Setting
    )

    $number = Get-QsmProperty -InputObject $Setting -Name 'UserSnapshotType'
    if ($null -eq $number) { return $null }
    $types = @{ 2 = 'Disabled'; 3 = 'Production'; 4 = 'ProductionOnly'; 5 = 'Standard' }
    if ($types.ContainsKey([int]$number)) { $types[[int]$number] } else { "$number" }
}
