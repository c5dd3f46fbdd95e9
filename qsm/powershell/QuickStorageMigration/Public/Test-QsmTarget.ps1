function Test-QsmTarget {
    <#
    .SYNOPSIS
    Reports what this host, as the target, has to say of a VM that is to come.

    .DESCRIPTION
    Only facts: whether they are good enough is judged by preflight. Nothing is created.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER Folder
    Folder in which its files shall lie.

    .PARAMETER SourceAddress
    Name by which this host reaches the SMB server of the source.

    .PARAMETER Files
    Paths that will be written.

    .PARAMETER SwitchNames
    Switches that the VM will be connected to.

    .PARAMETER MacAddresses
    Addresses of the VM's adapters.

    .PARAMETER Compatibility
    What Get-QsmCompatibility reported on the source, or null.

    .PARAMETER Images
    Paths of images in the VM's DVD drives.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of TestTargetResult.

    .EXAMPLE
    Test-QsmTarget -VMId $VMId -Folder 'D:\VMs\web01' -SourceAddress 'hv01' -Files @() -SwitchNames @('LAN') -Compatibility $null
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$Folder,

        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$SourceAddress,

        [AllowEmptyCollection()]
        [string[]]$Files = @(),

        [AllowEmptyCollection()]
        [string[]]$SwitchNames = @(),

        [AllowEmptyCollection()]
        [string[]]$MacAddresses = @(),

        [AllowNull()]
        [AllowEmptyString()]
        [string]$Compatibility = $null,

        [AllowEmptyCollection()]
        [string[]]$Images = @()
    )

    $mounts = @(Get-QsmMountPath)
    $kind = Get-QsmFolderKind -Folder $Folder -Mount $mounts
    $onVolume = @('local', 'csv', 'root') -contains $kind
    $vm = Get-QsmVMObject -VMId $VMId
    $known = @(Get-VMSwitch -ErrorAction Stop | ForEach-Object { [string]$_.Name })
    $verdict = Test-QsmCompatibility -Compatibility $Compatibility
    [PSCustomObject][ordered]@{
        folder_kind          = $kind
        volume               = $(if ($onVolume) { Get-QsmVolumeFact -Path $Folder -Mount $mounts } else { $null })
        folder_exists        = ($onVolume -or $kind -eq 'smb') -and (Test-Path -LiteralPath $Folder)
        files_in_the_way     = @($Files | Where-Object { Test-Path -LiteralPath $_ })
        missing_images       = @($Images | Where-Object { -not (Test-Path -LiteralPath $_ -PathType Leaf) })
        vm_state             = $(if ($null -eq $vm) { $null } else { [string]$vm.State })
        planned_vm           = @(Get-QsmPlannedVM -VMId $VMId).Count -gt 0
        missing_switches     = @($SwitchNames | Where-Object { -not (Test-QsmSameText -Text $_ -Other $known) })
        mac_addresses_in_use = Get-QsmAddressUse -Address $MacAddresses -VMId $VMId
        compatible           = $verdict.compatible
        incompatibilities    = $verdict.incompatibilities
        smb_reachable        = Test-QsmSmbReachable -Address $SourceAddress
        lock                 = Get-QsmLockFact -VMId $VMId.ToString()
    }
}
