function Add-QsmJsonText {
    <#
    .SYNOPSIS
    Appends one value as JSON to a string builder.

    .DESCRIPTION
    The recursive part of ConvertTo-QsmJson.

    .PARAMETER Builder
    What the text is appended to.

    .PARAMETER Value
    The value.

    .PARAMETER Canonical
    Whether the names of custom objects and ordered dictionaries are sorted.

    .OUTPUTS
    None

    .EXAMPLE
    Add-QsmJsonText -Builder $builder -Value 1 -Canonical $false
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [System.Text.StringBuilder]$Builder,

        [Parameter(Mandatory = $true)]
        [AllowNull()]
        [AllowEmptyString()]
        [AllowEmptyCollection()]
        [object]$Value,

        [Parameter(Mandatory = $true)]
        [bool]$Canonical
    )

    if ($null -eq $Value) { [void]$Builder.Append('null'); return }
    if ($Value -is [bool] -or $Value -is [switch]) { [void]$Builder.Append($(if ($Value) { 'true' } else { 'false' })); return }
    if ($Value -is [string] -or $Value -is [enum] -or $Value -is [guid] -or $Value -is [char] -or $Value -is [version]) {
        $text = ([string]$Value).Replace('\', '\\').Replace('"', '\"')
        if ($text -match '[^\x20-\x7e]') {
            $text = [regex]::Replace($text, '[^\x20-\x7e]', { param($found) '\u{0:x4}' -f [int][char]$found.Value })
        }
        [void]$Builder.Append('"').Append($text).Append('"')
        return
    }
    $number = ConvertTo-QsmNumberText -Value $Value
    if ($null -ne $number) { [void]$Builder.Append($number); return }
    if ($Value -is [System.Collections.IDictionary]) {
        $names = @($Value.Keys | ForEach-Object { [string]$_ })
        $sorted = $Canonical -or $Value -isnot [System.Collections.Specialized.OrderedDictionary]
    } elseif ($Value -is [System.Management.Automation.PSCustomObject]) {
        $names = @($Value.PSObject.Properties | ForEach-Object { $_.Name })
        $sorted = $Canonical
    } elseif ($Value -is [System.Collections.IEnumerable]) {
        [void]$Builder.Append('[')
        $first = $true
        foreach ($item in $Value) {
            if (-not $first) { [void]$Builder.Append(',') }
            $first = $false
            Add-QsmJsonText -Builder $Builder -Value $item -Canonical $Canonical
        }
        [void]$Builder.Append(']')
        return
    } else {
        throw (New-Object -TypeName System.InvalidOperationException -ArgumentList "A $($Value.GetType().FullName) is no plain data and cannot be sent as JSON.")
    }

    if ($sorted -and $names.Count -gt 1) {
        $names = [string[]]$names
        [Array]::Sort($names, [StringComparer]::Ordinal)
    }
    [void]$Builder.Append('{')
    $first = $true
    foreach ($name in $names) {
        if (-not $first) { [void]$Builder.Append(',') }
        $first = $false
        Add-QsmJsonText -Builder $Builder -Value $name -Canonical $Canonical
        [void]$Builder.Append(':')
        # Assigned inside the branches: the output of an if statement would be unrolled, and an array with it.
        if ($Value -is [System.Collections.IDictionary]) { $member = $Value[$name] } else { $member = $Value.PSObject.Properties[$name].Value }
        Add-QsmJsonText -Builder $Builder -Value $member -Canonical $Canonical
    }
    [void]$Builder.Append('}')
}
