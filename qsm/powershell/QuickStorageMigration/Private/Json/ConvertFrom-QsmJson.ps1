function ConvertFrom-QsmJson {
    <#
    .SYNOPSIS
    Reads JSON text: objects become custom objects, lists become arrays.

    .DESCRIPTION
    A list at the top is unrolled by the pipeline, lists inside keep their shape, also with one element or none. Text that is
    no JSON is an error.

    .PARAMETER Text
    The JSON text.

    .OUTPUTS
    System.Management.Automation.PSCustomObject

    .EXAMPLE
    ConvertFrom-QsmJson -Text '{"files": []}'
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$Text
    )

    $value = ConvertFrom-Json -InputObject $Text
    $value
}
