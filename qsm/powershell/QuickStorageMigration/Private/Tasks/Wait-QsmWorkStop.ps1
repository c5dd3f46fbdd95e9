function Wait-QsmWorkStop {
    <#
    .SYNOPSIS
    Waits until a piece of long work has written its end.

    .DESCRIPTION
    Returns without a word when the time is over, too: whoever removes its task ends it then.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER Kind
    copy or merge.

    .PARAMETER Number
    Number of the work.

    .PARAMETER LimitSeconds
    How long to wait.

    .OUTPUTS
    None

    .EXAMPLE
    Wait-QsmWorkStop -MigrationId $MigrationId -Kind copy -Number 1 -LimitSeconds 60
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [Parameter(Mandatory = $true)]
        [ValidateSet('copy', 'merge')]
        [string]$Kind,

        [Parameter(Mandatory = $true)]
        [int]$Number,

        [Parameter(Mandatory = $true)]
        [double]$LimitSeconds
    )

    $paths = Get-QsmWorkPath -MigrationId $MigrationId -Kind $Kind -Number $Number
    $clock = [Diagnostics.Stopwatch]::StartNew()
    $state = Read-QsmJson -Path $paths.state
    while (-not (Test-QsmWorkEnded -State $state) -and $clock.Elapsed.TotalSeconds -lt $LimitSeconds) {
        Start-Sleep -Milliseconds 250
        $state = Read-QsmJson -Path $paths.state
    }
}
