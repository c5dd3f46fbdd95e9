function Test-QsmCommand {
    <#
    .SYNOPSIS
    Returns whether this version of Windows has a cmdlet.

    .DESCRIPTION
    Newer devices came with cmdlets of their own; where the cmdlet is absent the device cannot exist.

    .PARAMETER Name
    Name of the cmdlet.

    .OUTPUTS
    System.Boolean

    .EXAMPLE
    Test-QsmCommand -Name 'Get-VMSecurity'
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Name
    )

    $null -ne (Get-Command -Name $Name -ErrorAction SilentlyContinue)
}
