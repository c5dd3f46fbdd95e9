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
        throw (New-QsmError -Id 'VMExists' -Category refused -Subject "$VMId" -Facts @{ state = [string]$vm.State } -Message "Host $env:COMPUTERNAME has a VM with id $VMId already: '$($vm.Name)', $($vm.State), in '$($vm.Path)'. Nothing was imported.")
    }
    foreach ($planned in @(Get-QsmPlannedVM -VMId $VMId)) {
        $inside = @(@($planned.folders) + @($planned.disk_paths) | Where-Object { Test-QsmPathUnder -Path $_ -Folder $Folder })
        if ($inside.Count -gt 0) { continue }
        throw (New-QsmError -Id 'VMExists' -Category refused -Subject "$VMId" -Facts @{ state = 'planned' } -Message "Host $env:COMPUTERNAME has a planned VM with id $VMId ('$($planned.name)') that is not of this migration: its files lie in '$($planned.folders -join "', '")'. Nothing was imported.")
    }
}
