function Remove-QsmPlannedVM {
    <#
    .SYNOPSIS
    Removes the registration of a planned VM and proves that it is gone.

    .DESCRIPTION
    By Remove-VM, where Get-VM -Id gives the planned VM: removed by WMI behind the module's back, it would stay in the memory of
    this process, and the next Compare-VM would stumble over it. Else by DestroySystem, whose path can name a planned VM only.
    Its files stay.

    .PARAMETER PlannedVM
    A planned VM as Get-QsmPlannedVM reports it.

    .OUTPUTS
    None

    .EXAMPLE
    Get-QsmPlannedVM -VMId $VMId | ForEach-Object { Remove-QsmPlannedVM -PlannedVM $_ -Confirm:$false }
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$PlannedVM
    )

    if (-not $PSCmdlet.ShouldProcess($PlannedVM.vm_id, 'Remove the planned VM')) { return }
    $vm = Get-VM -Id $PlannedVM.vm_id -ErrorAction SilentlyContinue
    if ([string](Get-QsmProperty -InputObject $vm -Name 'VirtualMachineType' -Default '') -eq 'PlannedVirtualMachine') {
        Remove-VM -VM $vm -Force -Confirm:$false -ErrorAction Stop
    } else {
        $service = Invoke-QsmWmi -Namespace 'root\virtualization\v2' -Class 'Msvm_VirtualSystemManagementService'
        $answer = Invoke-QsmWmi -InputObject $service -Method 'DestroySystem' -Argument @{ AffectedSystem = $PlannedVM.system.__PATH }
        Wait-QsmWmiJob -Answer $answer -ErrorId 'ImportFailed' -What 'Removing the planned VM' -Subject $PlannedVM.vm_id -LimitSeconds 120 -Proven
    }
    if (@(Get-QsmPlannedVM -VMId $PlannedVM.vm_id).Count -gt 0) {
        throw (New-QsmError -Id 'ImportFailed' -Category failed -Subject $PlannedVM.vm_id -Text 'planned_not_removed' -Value @{ vm_id = $PlannedVM.vm_id })
    }
}
