function Get-QsmVMList {
    <#
    .SYNOPSIS
    Lists all VMs of this host, and apart from them those that are registered and cannot be read.

    .DESCRIPTION
    Get-VM tells an error of its own for each VM that it cannot open, whose drive is gone for example, and goes on with the
    others. Which VM that is, is told by the list of registered ones; one that is not on that list either has the id and the
    name 'unknown'. A VM that comes or goes meanwhile makes the numbers of errors and of missing VMs differ, so then it is
    asked again. Any other error is thrown.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: vms (as Get-VM gives them), unreadable (vm_id, name, error).

    .EXAMPLE
    $list = Get-QsmVMList
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param()

    for ($try = 1; $true; $try++) {
        $errors = @()
        $vms = @(Get-VM -ErrorAction SilentlyContinue -ErrorVariable errors)
        $ids = @($vms | ForEach-Object { $_.Id.ToString() })
        $missing = @(Get-QsmRegisteredVM | Where-Object { $ids -notcontains $_.vm_id })
        $strange = @($errors | Where-Object { $_.FullyQualifiedErrorId -notlike 'ObjectNotFound,*' })
        if ($strange.Count -gt 0) { throw $strange[0] }
        if ($errors.Count -eq $missing.Count -or ($try -ge 3 -and $errors.Count -gt $missing.Count)) { break }
        if ($try -ge 3) { throw (New-Object -TypeName System.InvalidOperationException -ArgumentList (Get-QsmText -Name 'vms_not_listed' -Value @{ vms = @($missing | ForEach-Object { "'$($_.name)' ($($_.vm_id))" }) -join ', ' })) }
    }
    $unreadable = @(for ($index = 0; $index -lt $errors.Count; $index++) {
            $vm = if ($index -lt $missing.Count) { $missing[$index] } else { [PSCustomObject]@{ vm_id = 'unknown'; name = 'unknown' } }
            [PSCustomObject]@{ vm_id = $vm.vm_id; name = $vm.name; error = Get-QsmCause -ErrorRecord $errors[$index] }
        })
    [PSCustomObject]@{ vms = $vms; unreadable = $unreadable }
}
