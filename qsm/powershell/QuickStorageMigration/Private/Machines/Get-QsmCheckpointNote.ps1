function Get-QsmCheckpointNote {
    <#
    .SYNOPSIS
    Returns where a migration notes the checkpoint that it takes: the ids before, and the id of its own.

    .DESCRIPTION
    Checkpoint-VM makes a checkpoint with a default name, and gives it the name in a second job: killed between the two, or where
    the second fails, the name finds nothing. So what was there before is noted first, and which one it is afterwards.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    System.String

    .EXAMPLE
    Read-QsmJson -Path (Get-QsmCheckpointNote -MigrationId $MigrationId)
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    Join-Path -Path (Get-QsmMigrationFolder -MigrationId $MigrationId) -ChildPath 'checkpoint.json'
}
