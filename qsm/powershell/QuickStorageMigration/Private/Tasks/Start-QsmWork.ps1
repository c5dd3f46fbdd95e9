function Start-QsmWork {
    <#
    .SYNOPSIS
    Writes down what a piece of long work shall do and starts its task.

    .DESCRIPTION
    What is left of an earlier attempt is removed first: its task, its state, its wish to stop. One that is still at work on
    something else is not broken off: Busy (refused).

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER Kind
    copy or merge.

    .PARAMETER Number
    Number of the work.

    .PARAMETER Request
    What is to be done.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of WorkResult.

    .EXAMPLE
    Start-QsmWork -MigrationId $MigrationId -Kind copy -Number 1 -Request $request -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [Parameter(Mandatory = $true)]
        [ValidateSet('copy', 'merge')]
        [string]$Kind,

        [Parameter(Mandatory = $true)]
        [int]$Number,

        [Parameter(Mandatory = $true)]
        [object]$Request
    )

    $name = Get-QsmWorkName -MigrationId $MigrationId -Kind $Kind -Number $Number
    if (-not $PSCmdlet.ShouldProcess($name, "Start the $Kind")) { return }
    $paths = Get-QsmWorkPath -MigrationId $MigrationId -Kind $Kind -Number $Number
    $task = Get-QsmTask -Name $name
    if ($null -ne $task -and @('Running', 'Queued') -contains [string]$task.State -and -not (Test-QsmWorkEnded -State (Read-QsmJson -Path $paths.state))) {
        throw (New-QsmError -Id 'Busy' -Category refused -Retryable -Subject $name -Text 'work_busy' -Value @{ name = $name })
    }
    if (-not (Test-Path -LiteralPath $paths.folder)) { [void](New-Item -ItemType Directory -Path $paths.folder -ErrorAction Stop) }
    [void](Remove-QsmTask -Name $name -Confirm:$false)
    foreach ($old in $paths.state, $paths.stop) {
        if (Test-Path -LiteralPath $old) { Remove-Item -LiteralPath $old -Force -Confirm:$false -ErrorAction Stop }
    }
    Write-QsmJson -Path $paths.request -Value $Request
    Start-QsmTask -MigrationId $MigrationId -Kind $Kind -Number $Number -Confirm:$false
    [PSCustomObject]@{ task_name = $name }
}
