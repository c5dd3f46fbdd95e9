function Get-QsmClusterName {
    <#
    .SYNOPSIS
    Returns the failover cluster of this host; null if it is in none.

    .DESCRIPTION
    The cluster service is disabled on a host that has the feature but no cluster. Where it is not, the host belongs to one,
    and its name is asked through WMI, which needs no further tools. If it does not answer, the call fails: a member of a
    cluster must not pass for a single host.

    .OUTPUTS
    System.String

    .EXAMPLE
    Get-QsmClusterName
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param()

    $service = @(Invoke-QsmWmi -Class 'Win32_Service' -Filter "Name='ClusSvc'") | Select-Object -First 1
    if ($null -eq $service -or [string]$service.StartMode -eq 'Disabled') { return $null }
    $cluster = @(Invoke-QsmWmi -Namespace 'root\MSCluster' -Class 'MSCluster_Cluster') | Select-Object -First 1
    [string]$cluster.Name
}
