function Write-QsmWorkState {
    <#
    .SYNOPSIS
    Writes the state of a piece of long work, with the time it has taken.

    .DESCRIPTION
    Only the SYSTEM task of that work calls this: a state file has one writer.

    .PARAMETER Path
    Full path of the state file.

    .PARAMETER State
    The state; its field seconds is set.

    .PARAMETER Clock
    Runs since the work began.

    .OUTPUTS
    None

    .EXAMPLE
    Write-QsmWorkState -Path $paths.state -State $state -Clock $clock
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path,

        [Parameter(Mandatory = $true)]
        [object]$State,

        [Parameter(Mandatory = $true)]
        [Diagnostics.Stopwatch]$Clock
    )

    $State.seconds = [Math]::Round($Clock.Elapsed.TotalSeconds, 3)
    Write-QsmJson -Path $Path -Value $State
}
