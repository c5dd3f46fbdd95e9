function Get-QsmShutdownComponent {
    <#
    .SYNOPSIS
    Returns the component that can shut the guest of a VM down, and whether it can be asked.

    .DESCRIPTION
    Msvm_ShutdownComponent, asked anew each time. Status Ok alone says that a guest answers; Missing: the VM has no such component;
    Disabled: it is switched off; else its primary status, by the names of VMIntegrationComponentOperationalStatus, or as a
    number.

    .PARAMETER VMId
    Id of the VM.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: status, component (null if there is none).

    .EXAMPLE
    (Get-QsmShutdownComponent -VMId $VMId).status -eq 'Ok'
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId
    )

    $names = @{ 2 = 'Ok'; 3 = 'Degraded'; 6 = 'Error'; 7 = 'NonRecoverableError'; 12 = 'NoContact'; 13 = 'LostCommunication'; 32775 = 'ProtocolMismatch' }
    $filter = "SystemName='$($VMId.ToString().ToUpperInvariant())'"
    $component = Invoke-QsmWmi -Namespace 'root\virtualization\v2' -Class 'Msvm_ShutdownComponent' -Filter $filter | Select-Object -First 1
    if ($null -eq $component) { return [PSCustomObject]@{ status = 'Missing'; component = $null } }
    $status = [int](@($component.OperationalStatus) | Select-Object -First 1)
    if ([int]$component.EnabledState -ne 2) { $told = 'Disabled' }
    elseif ($names.ContainsKey($status)) { $told = $names[$status] }
    else { $told = "$status" }
    [PSCustomObject]@{ status = $told; component = $component }
}
