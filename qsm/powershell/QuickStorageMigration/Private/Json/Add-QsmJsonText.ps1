function Add-QsmJsonText {
    <#
    .SYNOPSIS
    Appends one value as JSON to a string builder.

    .DESCRIPTION
    The recursive part of ConvertTo-QsmJson. A call of a function costs more than all else here, so the plain values inside a
    list or an object are written on the spot, and only the others by a call of their own.

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

    $printable = '\A[\x20-\x7e]*\z'
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
    $names = $null
    if ($Value -is [System.Collections.IDictionary]) {
        $names = @($Value.Keys | ForEach-Object { [string]$_ })
        $sorted = $Canonical -or $Value -isnot [System.Collections.Specialized.OrderedDictionary]
    } elseif ($Value -is [System.Management.Automation.PSCustomObject]) {
        $members = $Value.PSObject.Properties
        $names = @(foreach ($member in $members) { $member.Name })
        $sorted = $Canonical
    } elseif ($Value -is [System.Collections.IEnumerable]) {
        $items = @($Value)
    } else {
        [void]$Builder.Append((ConvertTo-QsmNumberText -Value $Value))
        return
    }
    if ($null -ne $names) {
        if ($sorted -and $names.Count -gt 1) {
            $names = [string[]]$names
            [Array]::Sort($names, [StringComparer]::Ordinal)
        }
        # Assigned one by one: whatever passes through the output of a statement loses the shape of its lists.
        $items = New-Object -TypeName 'object[]' -ArgumentList $names.Count
        for ($index = 0; $index -lt $names.Count; $index++) {
            if ($Value -is [System.Collections.IDictionary]) { $items[$index] = $Value[$names[$index]] } else { $items[$index] = $members[$names[$index]].Value }
        }
    }

    [void]$Builder.Append($(if ($null -eq $names) { '[' } else { '{' }))
    for ($index = 0; $index -lt $items.Count; $index++) {
        if ($index -gt 0) { [void]$Builder.Append(',') }
        if ($null -ne $names) {
            if ($names[$index] -cmatch '\A[a-z0-9_]+\z') {
                [void]$Builder.Append('"').Append($names[$index]).Append('":')
            } else {
                Add-QsmJsonText -Builder $Builder -Value $names[$index] -Canonical $Canonical
                [void]$Builder.Append(':')
            }
        }
        $item = $items[$index]
        if ($item -is [string] -and $item -cmatch $printable) {
            [void]$Builder.Append('"').Append($item.Replace('\', '\\').Replace('"', '\"')).Append('"')
        } elseif ($item -is [int] -or $item -is [long]) {
            [void]$Builder.Append([string]$item)  # Append itself asks the host's culture for the sign
        } elseif ($null -eq $item) {
            [void]$Builder.Append('null')
        } else {
            Add-QsmJsonText -Builder $Builder -Value $item -Canonical $Canonical
        }
    }
    [void]$Builder.Append($(if ($null -eq $names) { ']' } else { '}' }))
}
