function Get-QsmExportFolder {
    <#
    .SYNOPSIS
    Returns the folder that holds what a migration exports on this host; nothing if its plan names none.

    .DESCRIPTION
    The plan names it, since the volume is chosen by room. The name is made of the migration's id: any other is InvalidArgument
    (refused), because the folder is removed with all that is in it.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER Required
    A plan that names none is InvalidArgument (refused) too.

    .OUTPUTS
    System.String

    .EXAMPLE
    Get-QsmExportFolder -MigrationId $MigrationId
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [switch]$Required
    )

    $record = Get-QsmRecord -MigrationId $MigrationId
    $folder = [string](Get-QsmProperty -InputObject $record.plan -Name 'export_folder' -Default '')
    if ($folder -eq '') {
        if ($Required) { throw (New-QsmError -Id 'InvalidArgument' -Category refused -Subject $MigrationId -Text 'no_export_folder' -Value @{ migration = $MigrationId }) }
        return
    }
    if ($folder -cmatch "\A[A-Za-z]:\\(.+\\)?qsm-$MigrationId\z" -and (Test-QsmPathUnder -Path $folder -Folder $folder)) { return $folder }
    throw (New-QsmError -Id 'InvalidArgument' -Category refused -Subject $folder -Text 'export_folder_name' -Value @{ folder = $folder; migration = $MigrationId })
}
