function ConvertTo-QsmWmiText {
    <#
    .SYNOPSIS
    Quotes a text for a condition in WQL.

    .DESCRIPTION
    Backslash and quote are the two characters with a meaning inside a quoted WQL text.

    .PARAMETER Text
    The text.

    .OUTPUTS
    System.String, with the quotes.

    .EXAMPLE
    Invoke-QsmWmi -Class 'Win32_Service' -Filter "Name=$(ConvertTo-QsmWmiText -Text 'BITS')"
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$Text
    )

    "'" + $Text.Replace('\', '\\').Replace("'", "\'") + "'"
}
