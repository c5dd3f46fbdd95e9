function Get-QsmLockFact {
    <#
    .SYNOPSIS
    Returns which VMs of this host are taken by a migration.

    .DESCRIPTION
    Reads the lock files. For one VM null means that it is free.

    .PARAMETER VMId
    Only the lock of this VM; any case.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of LockFacts.

    .EXAMPLE
    Get-QsmLockFact -VMId $VMId
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [string]$VMId = ''
    )

    if ($VMId -ne '') { return Read-QsmJson -Path (Get-QsmLockPath -VMId $VMId) }
    $folder = Join-Path -Path (Get-QsmRoot) -ChildPath 'locks'
    try {
        $files = @(Get-ChildItem -LiteralPath $folder | Where-Object { $_.Name -match '\A[0-9a-f-]{36}\.json\z' } | Sort-Object -Property Name)
    } catch [System.Management.Automation.ItemNotFoundException] {
        return
    }
    foreach ($file in $files) { Read-QsmJson -Path $file.FullName }
}
