function Get-QsmWorkPath {
    <#
    .SYNOPSIS
    Returns the files through which a call and the SYSTEM task of a piece of long work speak to each other.

    .DESCRIPTION
    state: written by the task alone once it runs; request: what is to be done, written before the task starts; stop: its
    existence asks the task to end; made: the files that a copy has put in place, written by its task and kept for good.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER Kind
    copy or merge.

    .PARAMETER Number
    Number of the work.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: folder, state, request, stop, made.

    .EXAMPLE
    Get-QsmWorkPath -MigrationId $MigrationId -Kind copy -Number 1
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
        [int]$Number
    )

    $folders = @{ copy = 'copies'; merge = 'merges' }
    $folder = Join-Path -Path (Get-QsmMigrationFolder -MigrationId $MigrationId) -ChildPath $folders[$Kind]
    [PSCustomObject]@{
        folder  = $folder
        state   = Join-Path -Path $folder -ChildPath "$Number.json"
        request = Join-Path -Path $folder -ChildPath "$Number.request.json"
        stop    = Join-Path -Path $folder -ChildPath "$Number.stop"
        made    = Join-Path -Path $folder -ChildPath "$Number.made.json"
    }
}
