function Get-QsmWorkLeft {
    <#
    .SYNOPSIS
    Returns the names of all scheduled tasks and BITS jobs of a migration that are on this host now.

    .DESCRIPTION
    Jobs of all users: those of SYSTEM are shown to administrators, but only SYSTEM may end them. Whether BITS answers a
    network logon at all is documented nowhere; it refuses such a logon to make jobs (0x800704DD, 0x80200014). Where it
    refuses to report them too, each job of a copy that is not Done counts as there: then SYSTEM looks and ends it.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    System.String

    .EXAMPLE
    Get-QsmWorkLeft -MigrationId $MigrationId
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    Get-QsmTask | ForEach-Object { [string]$_.TaskName } | Where-Object { $_ -like "qsm-$MigrationId-*" }
    try {
        $jobs = @(@(Get-BitsTransfer -AllUsers -ErrorAction Stop) | Where-Object { $null -ne $_ } | ForEach-Object { [string]$_.DisplayName })
    } catch {
        if (@('800704DD', '80200014') -notcontains ('{0:X8}' -f (Get-QsmHResult -ErrorRecord $_))) { throw }
        $jobs = @(foreach ($copy in @(Find-QsmWork -MigrationId $MigrationId | Where-Object { $_.kind -eq 'copy' })) {
                $state = Read-QsmJson -Path (Get-QsmWorkPath -MigrationId $MigrationId -Kind copy -Number $copy.number).state
                if ($null -ne $state -and $state.state -eq 'Done') { continue }
                $files = @((Get-QsmWorkRequest -MigrationId $MigrationId -Kind copy -Number $copy.number).files)
                for ($index = 0; $index -lt $files.Count; $index++) { "$($copy.name)-$index" }
            })
    }
    $jobs | Where-Object { $_ -like "qsm-$MigrationId-*" }
}
