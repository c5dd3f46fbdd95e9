function Get-QsmWork {
    <#
    .SYNOPSIS
    Returns how far a piece of long work is, and ends its task when it is over.

    .DESCRIPTION
    The state file decides. If it names no end and the task no longer runs (killed, host restarted), the work is Failed with
    HostFailed, which may be tried again. The state is read after the task, so that an end written meanwhile is seen. The
    task of work that ended is unregistered.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER Kind
    copy or merge.

    .PARAMETER Number
    Number of the work.

    .PARAMETER Empty
    The state to report while the task has not written any.

    .OUTPUTS
    System.Management.Automation.PSCustomObject as the state file has it.

    .EXAMPLE
    Get-QsmWork -MigrationId $MigrationId -Kind copy -Number 1 -Empty ([PSCustomObject]@{ state = 'Starting'; files = @() })
    #>
    [CmdletBinding()]
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
        [object]$Empty
    )

    $name = Get-QsmWorkName -MigrationId $MigrationId -Kind $Kind -Number $Number
    $paths = Get-QsmWorkPath -MigrationId $MigrationId -Kind $Kind -Number $Number
    $task = Get-QsmTask -Name $name
    $state = Read-QsmJson -Path $paths.state
    if ($null -eq $state) { $state = $Empty }
    if (Test-QsmWorkEnded -State $state) {
        if ($null -ne $task) { [void](Remove-QsmTask -Name $name -Confirm:$false) }
        return $state
    }
    if ($null -ne $task -and @('Running', 'Queued') -contains [string]$task.State) { return $state }
    $lost = New-QsmError -Id 'HostFailed' -Category failed -Retryable -Subject $name -Facts @{ task = $name } -Text 'work_lost' -Value @{ name = $name }
    $state.state = 'Failed'
    $state.error = ConvertTo-QsmErrorFacts -ErrorRecord $lost -Operation $Kind -Changes
    $state
}
