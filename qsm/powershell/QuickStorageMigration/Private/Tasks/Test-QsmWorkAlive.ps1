function Test-QsmWorkAlive {
    <#
    .SYNOPSIS
    Returns whether a piece of long work with this very request is done or going on, and must be left alone.

    .DESCRIPTION
    Requests are compared as canonical JSON. Work that failed, was stopped, or whose task is dead is not alive.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER Kind
    copy or merge.

    .PARAMETER Number
    Number of the work.

    .PARAMETER Request
    The request to compare with.

    .OUTPUTS
    System.Boolean

    .EXAMPLE
    Test-QsmWorkAlive -MigrationId $MigrationId -Kind merge -Number 0 -Request $request
    #>
    [CmdletBinding()]
    [OutputType([bool])]
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

    $paths = Get-QsmWorkPath -MigrationId $MigrationId -Kind $Kind -Number $Number
    $old = Read-QsmJson -Path $paths.request
    if ($null -eq $old -or (ConvertTo-QsmJson -InputObject $old -Canonical) -cne (ConvertTo-QsmJson -InputObject $Request -Canonical)) { return $false }
    $state = Read-QsmJson -Path $paths.state
    if (Test-QsmWorkEnded -State $state) { return $state.state -eq 'Done' }
    $task = Get-QsmTask -Name (Get-QsmWorkName -MigrationId $MigrationId -Kind $Kind -Number $Number)
    $null -ne $task -and @('Running', 'Queued') -contains [string]$task.State
}
