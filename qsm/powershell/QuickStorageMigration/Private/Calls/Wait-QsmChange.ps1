function Wait-QsmChange {
    <#
    .SYNOPSIS
    Asks a question again and again, until the answer changes or is final, for a limited time.

    .DESCRIPTION
    So a caller learns of an end at once, and needs few calls meanwhile. What counts as a change is reported by Mark: a text made of
    the parts of the answer that matter. Numbers that grow all the time are left out of it.

    .PARAMETER Question
    Gives the answer.

    .PARAMETER Ended
    Returns of an answer ($args[0]) whether it is final.

    .PARAMETER Mark
    Makes a text of an answer ($args[0]).

    .PARAMETER WaitSeconds
    How long to wait for a change; 0 asks once.

    .OUTPUTS
    System.Object: the last answer.

    .EXAMPLE
    Wait-QsmChange -Question { Get-QsmWork ... } -Ended { $args[0].state -eq 'Done' } -Mark { $args[0].state } -WaitSeconds 10
    #>
    [CmdletBinding()]
    [OutputType([object])]
    param(
        [Parameter(Mandatory = $true)]
        [scriptblock]$Question,

        [Parameter(Mandatory = $true)]
        [scriptblock]$Ended,

        [Parameter(Mandatory = $true)]
        [scriptblock]$Mark,

        [Parameter(Mandatory = $true)]
        [double]$WaitSeconds
    )

    $clock = [Diagnostics.Stopwatch]::StartNew()
    $first = $null
    while ($true) {
        $answer = & $Question
        if (& $Ended $answer) { return $answer }
        $text = [string](& $Mark $answer)
        if ($null -eq $first) { $first = $text }
        $left = $WaitSeconds - $clock.Elapsed.TotalSeconds
        if ($text -cne $first -or $left -le 0) { return $answer }
        Start-Sleep -Milliseconds ([int](1000 * [Math]::Min(0.5, $left)))
    }
}
