function Get-QsmRegisteredVM {
    <#
    .SYNOPSIS
    Lists the VMs that are registered on this host, readable or not; planned VMs are not among them.

    .DESCRIPTION
    Whether a VM is there is decided here and nowhere else. The errors of Get-VM do not tell: the ObjectNotFound of a VM that is
    absent also means a service that stands or an account that may not ask, and Get-VM -Id gives planned VMs, even removed ones
    that this process has seen. A list that is empty for the same reasons is told apart by the host itself, which
    Msvm_ComputerSystem lists too, under its computer's name instead of a GUID: without it nothing is concluded but an error.

    .PARAMETER VMId
    Only the VM with this id.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: vm_id, name, system (the Msvm_ComputerSystem).

    .EXAMPLE
    $there = @(Get-QsmRegisteredVM -VMId $VMId).Count -gt 0
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Nullable[guid]]$VMId = $null
    )

    $class = @{ Namespace = 'root\virtualization\v2'; Class = 'Msvm_ComputerSystem' }
    $systems = @(if ($null -ne $VMId) { Invoke-QsmWmi @class -Filter "Name='$($VMId.ToString().ToUpperInvariant())'" })
    if ($systems.Count -eq 0) {
        $systems = @(Invoke-QsmWmi @class)
        $guid = [guid]::Empty
        if (@($systems | Where-Object { -not [guid]::TryParse([string]$_.Name, [ref]$guid) }).Count -eq 0) {
            throw (New-Object -TypeName System.InvalidOperationException -ArgumentList (Get-QsmText -Name 'vms_not_told'))
        }
    }
    foreach ($system in $systems) {
        $guid = [guid]::Empty
        if ([guid]::TryParse([string]$system.Name, [ref]$guid) -and ($null -eq $VMId -or $guid -eq $VMId)) {
            [PSCustomObject]@{ vm_id = $guid.ToString(); name = [string]$system.ElementName; system = $system }
        }
    }
}
