function Wait-QsmWorkStop {
    <#
    .SYNOPSIS
    Waits until a piece of long work has ended, ends its task if it does not, and tells what is gone.

    .DESCRIPTION
    Returns the name of the task if there was one, and the names of the BITS jobs that it had not finished.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER Kind
    copy or merge.

    .PARAMETER Number
    Number of the work.

    .PARAMETER LimitSeconds
    How long to wait.

    .OUTPUTS
    System.String

    .EXAMPLE
    Wait-QsmWorkStop -MigrationId $MigrationId -Kind copy -Number 1 -LimitSeconds 60
    #>
    [CmdletBinding()]
    [OutputType([string])]
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

    $name = Get-QsmWorkName -MigrationId $MigrationId -Kind $Kind -Number $Number
    $paths = Get-QsmWorkPath -MigrationId $MigrationId -Kind $Kind -Number $Number
    $clock = [Diagnostics.Stopwatch]::StartNew()
    $state = Read-QsmJson -Path $paths.state
    while (-not (Test-QsmWorkEnded -State $state) -and $clock.Elapsed.TotalSeconds -lt $LimitSeconds) {
        Start-Sleep -Milliseconds 250
        $state = Read-QsmJson -Path $paths.state
    }
    if (Remove-QsmTask -Name $name -Confirm:$false) { $name }
    if ($Kind -eq 'copy' -and $null -ne $state -and $state.state -eq 'Stopped') {
        $files = @($state.files)
        for ($index = 0; $index -lt $files.Count; $index++) { if ($files[$index].job_state -ne 'Verified') { "$name-$index" } }
    }
}
