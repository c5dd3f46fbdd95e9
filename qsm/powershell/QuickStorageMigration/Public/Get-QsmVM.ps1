function Get-QsmVM {
    <#
    .SYNOPSIS
    Reports all VMs of this host with a name or an id.

    .DESCRIPTION
    Names are not unique, and planned VMs count: so the answer is a list, empty if there is none. An id may have braces and
    any case. Names are compared whole and without regard to case; * and ? are ordinary letters.

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
    $found = @(Get-VM -ErrorAction Stop | Where-Object { ($isId -and $_.Id -eq $guid) -or (Test-QsmSameText -Text $_.Name -Other $NameOrId) })
    $planned = @(Get-QsmPlannedVM | Where-Object { ($isId -and $_.vm_id -eq $guid.ToString()) -or (Test-QsmSameText -Text $_.name -Other $NameOrId) })
    $matching = @($found | ForEach-Object { Get-QsmVMFact -VM $_ }) + @($planned | ForEach-Object { Get-QsmPlannedVMFact -PlannedVM $_ })
    [PSCustomObject]@{ matches = $matching }
}
