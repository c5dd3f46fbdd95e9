function ConvertFrom-QsmWmiTime {
    <#
    .SYNOPSIS
    Turns a WMI time into ticks of UTC.

    .DESCRIPTION
    WMI writes local time and the offset in minutes: yyyymmddHHMMSS.ffffff+UUU (DMTF DSP0004, datetime). A text of another
    form is an error.

    .PARAMETER Text
    The WMI time.

    .OUTPUTS
    System.Int64

    .EXAMPLE
    ConvertFrom-QsmWmiTime -Text '20300131235959.500000+060'
    #>
    [CmdletBinding()]
    [OutputType([long])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Text
    )

    if ($Text -notmatch '\A(\d{14})\.(\d{6})([+-]\d{3})\z') {
        throw (New-Object -TypeName System.FormatException -ArgumentList "'$Text' is not a time as WMI writes it.")
    }
    $seconds = [DateTime]::ParseExact($Matches[1], 'yyyyMMddHHmmss', [Globalization.CultureInfo]::InvariantCulture)
    [long]($seconds.Ticks + [long]$Matches[2] * 10 - [long]$Matches[3] * 600000000)
}
