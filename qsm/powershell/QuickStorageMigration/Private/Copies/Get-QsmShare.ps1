function Get-QsmShare {
    <#
    .SYNOPSIS
    Finds a share of this host by its exact name; null if there is none.

    .DESCRIPTION
    All shares are listed and compared: then "none" is an answer and not an error to be guessed at.

    .PARAMETER Name
    Name of the share.

    .OUTPUTS
    A share as Get-SmbShare gives it.

    .EXAMPLE
    Get-QsmShare -Name "qsm-$MigrationId-1$"
    #>
    [CmdletBinding()]
    [OutputType([object])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Name
    )

    @(Get-SmbShare -ErrorAction Stop) | Where-Object { $_.Name -eq $Name } | Select-Object -First 1
}
