function Get-QsmOwnCheckpoint {
    <#
    .SYNOPSIS
    Returns the checkpoints of a VM that are provably of this migration, by whatever name.

    .DESCRIPTION
    One of our name, or of the id that was noted when it was made. Where an attempt noted what was there before and never noted
    its own, the process was killed, or the second job of Checkpoint-VM failed, which gives the name: then ours is the one new
    checkpoint that is of type Standard, not automatic, has the default name (the VM's name and a time, in the language of the
    host) and came within 15 minutes of the attempt. If several are like that, none is ours: nobody else's is ever touched.

    .PARAMETER VM
    The VM as Get-VM gives it.

    .PARAMETER Name
    Name of our checkpoint.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    System.Management.Automation.PSCustomObject as Get-QsmCheckpoint returns it.

    .EXAMPLE
    Get-QsmOwnCheckpoint -VM $vm -Name "QSM $MigrationId" -MigrationId $MigrationId
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM,

        [Parameter(Mandatory = $true)]
        [string]$Name,

        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    $all = @(Get-QsmCheckpoint -VM $VM)
    $path = Get-QsmCheckpointNote -MigrationId $MigrationId
    $note = if (Test-Path -LiteralPath $path) { Read-QsmJson -Path $path } else { $null }
    $made = if ($null -eq $note) { $null } else { $note.made }
    $ours = @($all | Where-Object { $_.name -ceq $Name -or $_.checkpoint_id -eq $made })
    if ($ours.Count -gt 0 -or $null -eq $note -or $null -ne $made) { return $ours }
    $latest = [long]$note.ticks + 15 * [TimeSpan]::TicksPerMinute
    $new = @($all | Where-Object {
            @($note.before) -notcontains $_.checkpoint_id -and $_.type -eq 'Standard' -and -not $_.automatic -and $_.created_ticks -le $latest -and
            $_.name.StartsWith($VM.Name, [StringComparison]::Ordinal) -and @([regex]::Matches($_.name.Substring($VM.Name.Length), '\d')).Count -ge 8
        })
    if ($new.Count -eq 1) { $new }
}
