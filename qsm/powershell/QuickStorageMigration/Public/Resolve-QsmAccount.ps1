function Resolve-QsmAccount {
    <#
    .SYNOPSIS
    Reports whether this host knows an account, by its SID.

    .DESCRIPTION
    The target fetches the disks as its computer account, so the source must know that account: both hosts in one domain, or in
    domains that trust. Null means that nobody here can resolve it.

    .PARAMETER Account
    DOMAIN\NAME$ of the target.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the field sid.

    .EXAMPLE
    Resolve-QsmAccount -Account 'CONTOSO\HV02$'
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Account
    )

    [PSCustomObject]@{ sid = Resolve-QsmSid -Account $Account }
}
