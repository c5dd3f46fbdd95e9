function Compare-QsmFileIdentity {
    <#
    .SYNOPSIS
    Returns which files of a VM are not as they were.

    .DESCRIPTION
    A file that is new, gone or has another length, time, identity or slot. No text at all: everything is as it was.

    .PARAMETER Before
    The files then, as Get-QsmFileIdentity reports them.

    .PARAMETER After
    The files now.

    .OUTPUTS
    System.String: one line per difference.

    .EXAMPLE
    $reasons = @(Compare-QsmFileIdentity -Before (Get-QsmFileIdentity -VMFact $then) -After (Get-QsmFileIdentity -VMFact $now))
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [System.Collections.IDictionary]$Before,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [System.Collections.IDictionary]$After
    )

    foreach ($path in @($Before.Keys) + @($After.Keys | Where-Object { -not $Before.Contains($_) })) {
        if (-not $After.Contains($path)) {
            Get-QsmText -Name 'why_not_used' -Value @{ path = $path }
        } elseif (-not $Before.Contains($path)) {
            Get-QsmText -Name 'why_new' -Value @{ path = $path }
        } elseif ($Before[$path] -cne $After[$path]) {
            Get-QsmText -Name 'why_changed' -Value @{ path = $path; found = $After[$path]; before = $Before[$path] }
        }
    }
}
