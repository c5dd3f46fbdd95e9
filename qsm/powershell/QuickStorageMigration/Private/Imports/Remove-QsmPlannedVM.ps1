function Remove-QsmPlannedVM {
    <#
    .SYNOPSIS
    Removes the registration of a planned VM and proves that it is gone.

    .DESCRIPTION
    The report of the Compare-VM that made it lives in one process only, so a planned VM of a killed call is removed by
    DestroySystem. Its files stay.

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
    $service = Invoke-QsmWmi -Namespace 'root\virtualization\v2' -Class 'Msvm_VirtualSystemManagementService'
    $answer = Invoke-QsmWmi -InputObject $service -Method 'DestroySystem' -Argument @{ AffectedSystem = $PlannedVM.system.__PATH }
    Wait-QsmWmiJob -Answer $answer -ErrorId 'ImportFailed' -What 'Removing the planned VM' -Subject $PlannedVM.vm_id -LimitSeconds 120
    if (@(Get-QsmPlannedVM -VMId $PlannedVM.vm_id).Count -gt 0) {
        throw (New-QsmError -Id 'ImportFailed' -Category failed -Subject $PlannedVM.vm_id -Text 'planned_not_removed' -Value @{ vm_id = $PlannedVM.vm_id })
    }
}
