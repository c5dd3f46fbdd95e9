function Get-QsmCopyJob {
    <#
    .SYNOPSIS
    Finds the BITS jobs of a copy, or of all copies of a migration.

    .DESCRIPTION
    Runs in the SYSTEM task, so these are SYSTEM's own jobs. The name of a job is that of its task and the index of its file.

    .PARAMETER Name
    The beginning of the names, up to the last hyphen.

    .OUTPUTS
    A job as Get-BitsTransfer gives it.

    .EXAMPLE
    Get-QsmCopyJob -Name "qsm-$MigrationId-copy-1"
    #>
    [CmdletBinding()]
    [OutputType([object])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Name
    )

    @(Get-BitsTransfer -ErrorAction Stop) | Where-Object { $null -ne $_ -and $_.DisplayName -like "$Name-*" }
}
