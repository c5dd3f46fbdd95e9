function New-QsmRecord {
    <#
    .SYNOPSIS
    Makes the record of a migration on this host.

    .DESCRIPTION
    The first trace of a migration. It begins with revision 1, epoch 0 and direction forward; the owner is source on the
    source and none on the target. A record that says the same already is left alone, another one is refused: RecordExists.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER Role
    What this host is in the migration: source or target.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER VMName
    Name of the VM.

    .PARAMETER Peer
    Name of the other host.

    .PARAMETER By
    Who started the migration, from where.

    .PARAMETER Plan
    The plan, as the tool wants to find it again.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of RecordResult.

    .EXAMPLE
    New-QsmRecord -MigrationId $id -Role 'source' -VMId $VMId -VMName 'web01' -Peer 'hv02' -By 'ann@tool01' -Plan @{}
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [Parameter(Mandatory = $true)]
        [ValidateSet('source', 'target')]
        [string]$Role,

        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$VMName,

        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$Peer,

        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$By,

        [Parameter(Mandatory = $true)]
        [object]$Plan
    )

    $folder = Get-QsmMigrationFolder -MigrationId $MigrationId
    $record = [PSCustomObject][ordered]@{
        schema_version = 1
        migration_id   = $MigrationId
        vm_id          = $VMId.ToString('D')
        vm_name        = $VMName
        role           = $Role
        peer           = $Peer
        by             = $By
        created_utc    = Get-QsmUtcNow
        revision       = 1
        epoch          = 0
        owner          = $(if ($Role -eq 'source') { 'source' } else { 'none' })
        direction      = 'forward'
        step           = 'create_record'
        end            = ''
        end_text       = ''
        plan           = $Plan
    }
    if (-not $PSCmdlet.ShouldProcess($folder, 'Create the record of a migration')) { return }
    if (-not (Test-Path -LiteralPath $folder)) { [void](New-Item -ItemType Directory -Path $folder -Force) }
    try {
        Write-QsmJson -Path (Join-Path -Path $folder -ChildPath 'record.json') -Value $record -New
    } catch {
        if ($_.FullyQualifiedErrorId -notlike 'FileInTheWay*') { throw }
        $existing = Get-QsmRecord -MigrationId $MigrationId
        $told = foreach ($side in $existing, $record) {
            ConvertTo-QsmJson -Canonical -InputObject @($side.role, $side.vm_id, $side.vm_name, $side.peer, $side.by, $side.plan)
        }
        if ($told[0] -cne $told[1]) {
            throw (New-QsmError -Id 'RecordExists' -Category 'refused' -Subject $MigrationId -Text 'record_exists' -Value @{ migration = $MigrationId; vm = $existing.vm_name; created_utc = $existing.created_utc; by = $existing.by })
        }
        $record = $existing
    }
    [PSCustomObject]@{ record = $record }
}
