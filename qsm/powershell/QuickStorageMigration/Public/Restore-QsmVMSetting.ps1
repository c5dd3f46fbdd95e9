function Restore-QsmVMSetting {
    <#
    .SYNOPSIS
    Puts back the settings of the VM that the migration changed: automatic start, type of checkpoint, automatic checkpoints.

    .DESCRIPTION
    Only on the host that owns the VM (NotOwner otherwise, refused): the automatic start of the other one must stay off. Proved
    by reading them again.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER AutomaticStartAction
    Nothing, StartIfRunning or Start.

    .PARAMETER CheckpointType
    Type of checkpoint, or null where hosts know none. Left alone on a host that knows none.

    .PARAMETER AutomaticCheckpoints
    Whether Start-VM takes a checkpoint first, or null. Left alone on a host that knows none.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    None

    .EXAMPLE
    Restore-QsmVMSetting -VMId $VMId -AutomaticStartAction StartIfRunning -CheckpointType Production -MigrationId $MigrationId -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [ValidateSet('Nothing', 'StartIfRunning', 'Start')]
        [string]$AutomaticStartAction,

        [AllowNull()]
        [AllowEmptyString()]
        [ValidateSet('Disabled', 'Production', 'ProductionOnly', 'Standard', '')]
        [string]$CheckpointType = '',

        [AllowNull()]
        [Nullable[bool]]$AutomaticCheckpoints = $null,

        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    $record = Get-QsmRecord -MigrationId $MigrationId
    if ($record.owner -ne $record.role) {
        throw (New-QsmError -Id 'NotOwner' -Category refused -Subject "$VMId" -Facts @{ owner = $record.owner; epoch = $record.epoch } -Text 'settings_not_owner' -Value @{ vm_id = $VMId; owner = $record.owner; role = $record.role })
    }
    $vm = Get-QsmVMObject -VMId $VMId -Required
    if (-not $PSCmdlet.ShouldProcess($vm.Name, "Set the automatic start to $AutomaticStartAction")) { return }
    Set-VM -VM $vm -AutomaticStartAction $AutomaticStartAction -Confirm:$false -ErrorAction Stop
    $setting = Get-QsmVMSetting -VM $vm
    $typed = $CheckpointType -ne '' -and $null -ne (Get-QsmCheckpointType -Setting $setting)
    if ($typed) { Set-VM -VM $vm -CheckpointType $CheckpointType -Confirm:$false -ErrorAction Stop }
    $automatic = $null -ne $AutomaticCheckpoints -and $null -ne (Get-QsmProperty -InputObject $setting -Name 'AutomaticSnapshotsEnabled')
    if ($automatic) { Set-VM -VM $vm -AutomaticCheckpointsEnabled $AutomaticCheckpoints -Confirm:$false -ErrorAction Stop }
    $vm = Get-QsmVMObject -VMId $VMId -Required -Acted
    $setting = Get-QsmVMSetting -VM $vm
    $found = "$($vm.AutomaticStartAction) $(if ($typed) { Get-QsmCheckpointType -Setting $setting }) $(if ($automatic) { $setting.AutomaticSnapshotsEnabled })".TrimEnd()
    $expected = "$AutomaticStartAction $(if ($typed) { $CheckpointType }) $(if ($automatic) { $AutomaticCheckpoints })".TrimEnd()
    if ($found -eq $expected) { return }
    throw (New-QsmError -Id 'HostFailed' -Category failed -Subject "$VMId" -Facts @{ found = $found; expected = $expected } -Text 'settings_not_taken' -Value @{ vm = $vm.Name; found = $found; expected = $expected })
}
