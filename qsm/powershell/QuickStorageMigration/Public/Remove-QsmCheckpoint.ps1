function Remove-QsmCheckpoint {
    <#
    .SYNOPSIS
    Begins to remove our checkpoint, so that the differencing disks are merged back.

    .DESCRIPTION
    Only checkpoints of exactly our name; the name must be that of the migration (InvalidArgument otherwise). None is done.
    Remove-VMSnapshot returns before the merge has ended: Get-QsmCheckpointRemoval tells.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER Name
    Name of our checkpoint.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    None

    .EXAMPLE
    Remove-QsmCheckpoint -VMId $VMId -Name "QSM $MigrationId" -MigrationId $MigrationId -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Name,

        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    if ($Name -cne "QSM $MigrationId") {
        throw (New-QsmError -Id 'InvalidArgument' -Category refused -Subject $Name -Facts @{ argument = 'name' } -Message "'$Name' is not the checkpoint of migration $MigrationId; it was left alone.")
    }
    $vm = Get-QsmVMObject -VMId $VMId -Required
    foreach ($checkpoint in @(Get-VMSnapshot -VM $vm -ErrorAction Stop | Where-Object { $_.Name -ceq $Name })) {
        if ($PSCmdlet.ShouldProcess($vm.Name, "Remove the checkpoint '$Name'")) { Remove-VMSnapshot -VMSnapshot $checkpoint -Confirm:$false -ErrorAction Stop }
    }
}
