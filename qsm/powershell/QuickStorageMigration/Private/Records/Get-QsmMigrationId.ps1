function Get-QsmMigrationId {
    <#
    .SYNOPSIS
    Returns the ids of all migrations that have a folder on this host.

    .DESCRIPTION
    Sorted, which is the order in which they were planned.

    .OUTPUTS
    System.String

    .EXAMPLE
    Get-QsmMigrationId
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param()

    $folder = Join-Path -Path (Get-QsmRoot) -ChildPath 'migrations'
    try {
        $found = @(Get-ChildItem -LiteralPath $folder -Directory)
    } catch [System.Management.Automation.ItemNotFoundException] {
        return
    }
    $found | ForEach-Object { $_.Name } | Where-Object { $_ -cmatch '\A[0-9]{8}T[0-9]{6}-[0-9a-f]{8}\z' } | Sort-Object
}
