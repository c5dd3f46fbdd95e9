function Test-QsmWorkEnded {
    <#
    .SYNOPSIS
    Returns whether the state of a piece of long work is its last one.

    .DESCRIPTION
    Done, Failed and Stopped never change again.

    .PARAMETER State
    What the state file says, or null.

    .OUTPUTS
    System.Boolean

    .EXAMPLE
    Test-QsmWorkEnded -State (Read-QsmJson -Path $paths.state)
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowNull()]
        [object]$State
    )

    $null -ne $State -and @('Done', 'Failed', 'Stopped') -contains $State.state
}
