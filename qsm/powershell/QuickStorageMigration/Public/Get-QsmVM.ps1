function Get-QsmVM {
    <#
    .SYNOPSIS
    Reports all VMs of this host with a name or an id.

    .DESCRIPTION
    Names are not unique, and planned VMs count: so the answer is a list, empty if there is none. An id may have braces and
    any case. Names are compared whole and without regard to case; * and ? are ordinary letters. A VM that cannot be read keeps
    no other from being reported; if it may be the one that was asked for, that is an error which names it.

    .PARAMETER NameOrId
    Name or id.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the field matches, a list of VMFacts.

    .EXAMPLE
    Get-QsmVM -NameOrId 'web01'
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$NameOrId
    )

    $guid = [guid]::Empty
    $isId = [guid]::TryParse($NameOrId, [ref]$guid)
    $list = Get-QsmVMList
    $found = @($list.vms | Where-Object { ($isId -and $_.Id -eq $guid) -or (Test-QsmSameText -Text $_.Name -Other $NameOrId) })
    foreach ($vm in $list.unreadable) {
        $same = ($isId -and $vm.vm_id -eq $guid.ToString()) -or (Test-QsmSameText -Text $vm.name -Other $NameOrId)
        if (-not $same -and ($vm.vm_id -ne 'unknown' -or $found.Count -gt 0)) { continue }
        throw (New-QsmError -Id 'HostFailed' -Category refused -Subject $vm.vm_id -Text 'vm_unreadable' -Value @{ vm = $vm.name; vm_id = $vm.vm_id; error = $vm.error })
    }
    $planned = @(Get-QsmPlannedVM | Where-Object { ($isId -and $_.vm_id -eq $guid.ToString()) -or (Test-QsmSameText -Text $_.name -Other $NameOrId) })
    $matching = @($found | ForEach-Object { Get-QsmVMFact -VM (Add-QsmVMState -VM $_) }) + @($planned | ForEach-Object { Get-QsmPlannedVMFact -PlannedVM $_ })
    [PSCustomObject]@{ matches = $matching }
}
