function Get-QsmRemainingCheckpoint {
    <#
    .SYNOPSIS
    Returns what is left of a checkpoint that is being removed.

    .DESCRIPTION
    Nothing left means that all is as before: no checkpoint of ours, nothing going on, each disk its base, which is no
    differencing disk, and no leaf file. A disk that cannot be read counts as left.

    .PARAMETER VM
    The VM as Get-VM gives it.

    .PARAMETER Name
    Name of the checkpoint.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER Base
    Slot and path of each disk before the checkpoint.

    .PARAMETER Leaf
    Full paths of the differencing disks.

    .OUTPUTS
    System.String: one text for each thing.

    .EXAMPLE
    Get-QsmRemainingCheckpoint -VM $vm -Name "QSM $MigrationId" -MigrationId $MigrationId -Base $bases -Leaf @($leaf)
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM,

        [Parameter(Mandatory = $true)]
        [string]$Name,

        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [object[]]$Base,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [string[]]$Leaf
    )

    foreach ($checkpoint in @(Get-QsmOwnCheckpoint -VM $VM -Name $Name -MigrationId $MigrationId)) { Get-QsmText -Name 'left_checkpoint' -Value @{ name = $checkpoint.name } }
    foreach ($status in @(Get-QsmBusyStatus -VM $VM)) { Get-QsmText -Name 'left_busy' -Value @{ status = $status } }
    $drives = @(Get-QsmDrive -VM $VM)
    foreach ($one in $Base) {
        $drive = $drives | Where-Object { $_.slot -eq $one.slot } | Select-Object -First 1
        $path = if ($null -eq $drive) { '' } else { $drive.path }
        if (-not (Test-QsmSameText -Text $path -Other $one.path)) {
            Get-QsmText -Name 'left_disk' -Value @{ slot = $one.slot; what = $path }
            continue
        }
        try {
            if ((Get-QsmDiskFile -Path $path).type -eq 'Differencing') { Get-QsmText -Name 'left_disk' -Value @{ slot = $one.slot; what = Get-QsmText -Name 'left_differencing' } }
        } catch {
            Get-QsmText -Name 'left_disk' -Value @{ slot = $one.slot; what = Get-QsmCause -ErrorRecord $_ }
        }
    }
    foreach ($path in $Leaf) { if (Test-Path -LiteralPath $path) { Get-QsmText -Name 'left_file' -Value @{ path = $path } } }
}
