function Get-QsmWorkRequest {
    <#
    .SYNOPSIS
    Reads what a piece of long work was asked to do.

    .DESCRIPTION
    Work that was never started is refused: InvalidArgument.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER Kind
    copy or merge.

    .PARAMETER Number
    Number of the work.

    .OUTPUTS
    System.Management.Automation.PSCustomObject as it was given to Start-QsmWork.

    .EXAMPLE
    Get-QsmWorkRequest -MigrationId $MigrationId -Kind copy -Number 1
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

    $request = Read-QsmJson -Path (Get-QsmWorkPath -MigrationId $MigrationId -Kind $Kind -Number $Number).request
    if ($null -eq $request) {
        throw (New-QsmError -Id 'InvalidArgument' -Category refused -Facts @{ argument = 'Number' } -Text 'work_unknown' -Value @{ migration = $MigrationId; kind = $Kind; number = $Number })
    }
    $request
}
