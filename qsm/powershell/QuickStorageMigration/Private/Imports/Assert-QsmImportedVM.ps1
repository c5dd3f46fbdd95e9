function Assert-QsmImportedVM {
    <#
    .SYNOPSIS
    Proves that an imported VM is what it should be, and reports it.

    .DESCRIPTION
    State, the disks by slot, the switch of each adapter that was chosen for, each static MAC address that was, no checkpoint, and
    each chain readable: else ImportFailed (failed) with everything that is wrong. What is reported here is what going back compares later.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER State
    Saved or Off.

    .PARAMETER Disk
    Slot and path of each disk.

    .PARAMETER SwitchChoice
    Id of an adapter and its switch, or null.

    .PARAMETER Pinned
    Id of an adapter and its MAC address, which is static.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of VMFacts.

    .EXAMPLE
    Assert-QsmImportedVM -VMId $VMId -State Saved -Disk $Disks -SwitchChoice $Switches -Pinned $Pinned
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [string]$State,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [object[]]$Disk,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [object[]]$SwitchChoice,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [object[]]$Pinned
    )

    $vm = Get-QsmVMFact -VM (Wait-QsmVMState -VMId $VMId -State $State -LimitSeconds 60)
    $wrong = @()
    if ($vm.state -ne $State) { $wrong += Get-QsmText -Name 'why_state' -Value @{ state = $vm.state; expected = $State } }
    if ($vm.checkpoints.Count -gt 0) { $wrong += Get-QsmText -Name 'why_checkpoints' -Value @{ count = $vm.checkpoints.Count } }
    $found = @($vm.disks | ForEach-Object { "$($_.slot) $($_.path)" } | Sort-Object) -join ', '
    $expected = @($Disk | ForEach-Object { "$($_.slot) $($_.path)" } | Sort-Object) -join ', '
    if (-not (Test-QsmSameText -Text $found -Other $expected)) { $wrong += Get-QsmText -Name 'why_disks' -Value @{ found = $found; expected = $expected } }
    foreach ($one in $vm.disks) { if ($null -ne $one.error) { $wrong += Get-QsmText -Name 'why_slot_unreadable' -Value @{ slot = $one.slot; error = $one.error } } }
    foreach ($choice in $SwitchChoice) {
        $adapter = $vm.adapters | Where-Object { $_.adapter_id -eq $choice.adapter_id } | Select-Object -First 1
        if ($null -eq $adapter) { $wrong += Get-QsmText -Name 'why_no_adapter' -Value @{ adapter = $choice.adapter_id } }
        elseif (-not (Test-QsmSameText -Text $adapter.switch_name -Other ([string]$choice.switch_name))) { $wrong += Get-QsmText -Name 'why_switch' -Value @{ adapter = $adapter.name; found = $adapter.switch_name; expected = $choice.switch_name } }
    }
    foreach ($pin in $Pinned) {
        $adapter = $vm.adapters | Where-Object { $_.adapter_id -eq $pin.adapter_id } | Select-Object -First 1
        if ($null -eq $adapter) { $wrong += Get-QsmText -Name 'why_no_adapter' -Value @{ adapter = $pin.adapter_id } }
        elseif ($adapter.dynamic_mac -or -not (Test-QsmSameText -Text $adapter.mac_address -Other ([string]$pin.mac_address))) { $wrong += Get-QsmText -Name 'why_address' -Value @{ adapter = $adapter.name; found = $adapter.mac_address; expected = $pin.mac_address } }
    }
    if ($wrong.Count -eq 0) { return $vm }
    throw (New-QsmError -Id 'ImportFailed' -Category failed -Subject "$VMId" -Facts @{ hresult = $null; wrong = $wrong } -Text 'imported_otherwise' -Value @{ vm = $vm.name; reasons = $wrong -join '; ' })
}
