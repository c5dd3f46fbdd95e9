function Invoke-QsmFunction {
    <#
    .SYNOPSIS
    Calls the function of an operation and returns its one result.

    .DESCRIPTION
    A function that says nothing has the empty result. More than one object, or one that cannot be sent, is an error of the
    function: whatever leaked into its output must not pass for the result.

    .PARAMETER Row
    The operation, as the table has it.

    .PARAMETER Parameters
    Its parameters by name.

    .OUTPUTS
    System.Object

    .EXAMPLE
    Invoke-QsmFunction -Row $row -Parameters @{ VMId = $VMId }
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseSingularNouns', '', Justification = 'all parameters of one call')]
    [CmdletBinding()]
    [OutputType([object])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$Row,

        [Parameter(Mandatory = $true)]
        [hashtable]$Parameters
    )

    $function = $Row.function
    $results = @(& $function @Parameters)
    if ($results.Count -eq 0 -or ($results.Count -eq 1 -and $null -eq $results[0])) { return @{} }
    if ($results.Count -gt 1) {
        throw (New-Object -TypeName System.InvalidOperationException -ArgumentList "$function returned $($results.Count) objects instead of one.")
    }
    [void](ConvertTo-QsmJson -InputObject $results[0])
    $results[0]
}
