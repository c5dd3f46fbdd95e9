function Disable-QsmSourceVM {
    <#
    .SYNOPSIS
    Makes the VM that stays at the source harmless: no network, no automatic start, a note that says where it went.

    .DESCRIPTION
    Only when the source has handed over and the target owns the VM (NotOwner otherwise, refused). Disks, checkpoint and saved
    memory stay. The note is put before the old notes, once.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER TargetRecord
    The record of the target, as the target reported it.

    .PARAMETER Note
    What to put before the notes.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    None

    .EXAMPLE
    Disable-QsmSourceVM -VMId $VMId -TargetRecord $target -Note 'Moved to HV02.' -MigrationId $MigrationId -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [object]$TargetRecord,

        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$Note,

        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    Assert-QsmTargetOwns -MigrationId $MigrationId -TargetRecord $TargetRecord -Act (Get-QsmText -Name 'act_source_left')
    $vm = Get-QsmVMObject -VMId $VMId -Required
    if (-not $PSCmdlet.ShouldProcess($vm.Name, 'Disconnect and disable')) { return }
    foreach ($adapter in @(Get-VMNetworkAdapter -VM $vm -ErrorAction Stop)) {
        if ([string](Get-QsmProperty -InputObject $adapter -Name 'SwitchName' -Default '' -Unreadable 'gone') -ne '') { Disconnect-VMNetworkAdapter -VMNetworkAdapter $adapter -Confirm:$false -ErrorAction Stop }
    }
    $notes = [string]$vm.Notes
    if ($Note -ne '' -and -not $notes.StartsWith($Note, [StringComparison]::Ordinal)) { $notes = "$Note`r`n$notes".TrimEnd() }
    Set-VM -VM $vm -AutomaticStartAction Nothing -Notes $notes -Confirm:$false -ErrorAction Stop
}
