function Get-QsmShellLimit {
    <#
    .SYNOPSIS
    Returns the limits that WinRM sets for shells.

    .DESCRIPTION
    Whether the account may read WinRM's own configuration differs. They decide nothing but advice, so a question that fails is
    no error: the limits are reported as 0, which is never enough.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: shells, processes, memory_mb.

    .EXAMPLE
    Get-QsmShellLimit
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param()

    try {
        $told = Get-WSManInstance -ResourceURI 'winrm/config/winrs' -ErrorAction Stop
        [PSCustomObject]@{ shells = [int]$told.MaxShellsPerUser; processes = [int]$told.MaxProcessesPerShell; memory_mb = [int]$told.MaxMemoryPerShellMB }
    } catch {
        Write-Verbose -Message "WinRM does not report its limits: $($_.Exception.Message)"
        [PSCustomObject]@{ shells = 0; processes = 0; memory_mb = 0 }
    }
}
