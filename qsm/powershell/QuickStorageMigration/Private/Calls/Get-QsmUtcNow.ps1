function Get-QsmUtcNow {
    <#
    .SYNOPSIS
    Returns the time in UTC as text that sorts, with milliseconds.

    .DESCRIPTION
    The culture of the account must not matter: some write the colon of a time otherwise.

    .OUTPUTS
    System.String

    .EXAMPLE
    Get-QsmUtcNow
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param()

    [DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ss.fffZ', [Globalization.CultureInfo]::InvariantCulture)
}
