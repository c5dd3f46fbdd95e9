function Assert-QsmImportFree {
    <#
    .SYNOPSIS
    Refuses an import where a VM of that id exists, but for the rest of our own killed attempt.

    .DESCRIPTION
    A planned VM with a file under the folder is ours. A real VM never is: whether it has run meanwhile is not known here.
    VMExists (refused).

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER Folder
    Folder of the VM on this host.

    .OUTPUTS
    None

    .EXAMPLE
    Assert-QsmImportFree -VMId $VMId -Folder 'E:\VMs\web01'
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [string]$Folder
    )

    $vm = Get-QsmVMObject -VMId $VMId
    if ($null -ne $vm) {
        throw (New-QsmError -Id 'VMExists' -Category refused -Subject "$VMId" -Facts @{ state = [string]$vm.State } -Text 'vm_exists' -Value @{ vm_id = $VMId; vm = $vm.Name; state = $vm.State; path = $vm.Path })
    }
    foreach ($planned in @(Get-QsmPlannedVM -VMId $VMId)) {
        $inside = @(@($planned.folders) + @($planned.disk_paths) | Where-Object { Test-QsmPathUnder -Path $_ -Folder $Folder })
        if ($inside.Count -gt 0) { continue }
        throw (New-QsmError -Id 'VMExists' -Category refused -Subject "$VMId" -Facts @{ state = 'planned' } -Text 'planned_vm_exists' -Value @{ vm_id = $VMId; vm = $planned.name; folders = $planned.folders -join "', '" })
    }
}
