function Get-QsmText {
    <#
    .SYNOPSIS
    Returns a sentence for people, or a part of one.

    .DESCRIPTION
    All sentences of errors stand in Messages.json, which the laboratory reads too: what is learnt there is what a host says.
    A place in braces stands for a value; {host} is the name of this host. A value is put in as it is, whatever it holds.

    .PARAMETER Name
    Its name in Messages.json.

    .PARAMETER Value
    The values by the names of their places: exactly those that the sentence has.

    .OUTPUTS
    System.String

    .EXAMPLE
    Get-QsmText -Name 'vm_not_found' -Value @{ vm_id = $VMId }
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidatePattern('\A[a-z_]+\z')]
        [string]$Name,

        [System.Collections.IDictionary]$Value = @{}
    )

    $sentence = $script:QsmTexts.PSObject.Properties[$Name]
    if ($null -eq $sentence) { throw (New-Object -TypeName System.ArgumentException -ArgumentList "There is no sentence '$Name'.") }
    $known = @{ host = $env:COMPUTERNAME }
    foreach ($place in $Value.Keys) { $known[$place] = [string]$Value[$place] }
    $used = @('host')
    $pieces = @(foreach ($piece in [regex]::Matches([string]$sentence.Value, '\{(\w+)\}|[^{]+')) {
            $place = $piece.Groups[1].Value
            if ($place -eq '') { $piece.Value; continue }
            if (-not $known.ContainsKey($place)) { throw (New-Object -TypeName System.ArgumentException -ArgumentList "The sentence '$Name' needs a value for '$place'.") }
            $used += $place
            $known[$place]
        })
    $unused = @($known.Keys | Where-Object { $used -notcontains $_ })
    if ($unused.Count -gt 0) { throw (New-Object -TypeName System.ArgumentException -ArgumentList "The sentence '$Name' has no place for '$($unused -join "', '")'.") }
    -join $pieces
}
