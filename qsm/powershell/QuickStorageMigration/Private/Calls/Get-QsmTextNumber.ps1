function Get-QsmTextNumber {
    <#
    .SYNOPSIS
    Finds the HRESULT that a text of Hyper-V ends with, as an unsigned number; null if there is none.

    .DESCRIPTION
    Errors and jobs of Hyper-V tell their number in their text alone, as (0x80070050) behind a sentence, in every language.
    A text with several sentences goes from the general to the particular: the last number is the cause.

    .PARAMETER Text
    The text.

    .OUTPUTS
    System.Int64

    .EXAMPLE
    Get-QsmTextNumber -Text ([string]$job.ErrorDescription)
    #>
    [CmdletBinding()]
    [OutputType([long])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$Text
    )

    $numbers = @([regex]::Matches($Text, '\(0x([89A-Fa-f][0-9A-Fa-f]{7})\)') | ForEach-Object { [Convert]::ToInt64($_.Groups[1].Value, 16) })
    if ($numbers.Count -gt 0) { $numbers[-1] } else { $null }
}
