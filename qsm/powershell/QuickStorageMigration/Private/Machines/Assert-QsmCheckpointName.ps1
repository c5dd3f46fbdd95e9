function Assert-QsmCheckpointName {
    <#
    .SYNOPSIS
    Refuses a checkpoint that is not this migration's.

    .DESCRIPTION
    InvalidArgument (refused) for any name but "QSM <migration id>": one of another name would not be found again, or is
    somebody else's.

    .PARAMETER Name
    Name of the checkpoint.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    None

    .EXAMPLE
    Assert-QsmCheckpointName -Name $Name -MigrationId $MigrationId
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Name,

        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    if ($Name -ceq "QSM $MigrationId") { return }
    throw (New-QsmError -Id 'InvalidArgument' -Category refused -Subject $Name -Facts @{ argument = 'name' } -Text 'not_our_checkpoint' -Value @{ checkpoint = $Name; migration = $MigrationId })
}
