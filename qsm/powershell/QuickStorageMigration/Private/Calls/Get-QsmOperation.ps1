function Get-QsmOperation {
    <#
    .SYNOPSIS
    Finds an operation in the table that the tool and the hosts share.

    .DESCRIPTION
    The table is the file Operations.json of this module. A name that is not in it is refused (InvalidArgument).

    .PARAMETER Name
    Name of the operation.

    .OUTPUTS
    System.Management.Automation.PSCustomObject

    .EXAMPLE
    Get-QsmOperation -Name 'get_host'
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$Name
    )

    if (-not $script:QsmOperations.ContainsKey($Name)) {
        throw (New-QsmError -Id 'InvalidArgument' -Category 'refused' -Text 'operation_unknown' -Value @{ operation = $Name })
    }
    $script:QsmOperations[$Name]
}
