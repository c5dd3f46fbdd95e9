function ConvertTo-QsmNumberText {
    <#
    .SYNOPSIS
    Writes a number as JSON wants it.

    .DESCRIPTION
    Without regard to the culture of the account, and so that it reads back as the same number. NaN and the infinities do
    not exist in JSON and are an error, as is anything that is no number.

    .PARAMETER Value
    The number.

    .OUTPUTS
    System.String

    .EXAMPLE
    ConvertTo-QsmNumberText -Value 1.5
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [object]$Value
    )

    $invariant = [Globalization.CultureInfo]::InvariantCulture
    $code = [Type]::GetTypeCode($Value.GetType())
    if ($code -eq [TypeCode]::Single -or $code -eq [TypeCode]::Double) {
        if ([double]::IsNaN($Value) -or [double]::IsInfinity($Value)) {
            throw (New-Object -TypeName System.InvalidOperationException -ArgumentList "The number $Value does not exist in JSON.")
        }
        return $Value.ToString('R', $invariant)
    }
    # SByte (5) to Decimal (15): all other numbers.
    if ([int]$code -ge 5 -and [int]$code -le 15) { return $Value.ToString($invariant) }
    throw (New-Object -TypeName System.InvalidOperationException -ArgumentList "A $($Value.GetType().FullName) is no plain data and cannot be sent as JSON.")
}
