function Start-QsmMerge {
    <#
    .SYNOPSIS
    Starts to prepare one copied disk, in a SYSTEM task: chain, checks, merge.

    .DESCRIPTION
    Refused before anything is touched: NotOwner once the VM may be the target's own; FileMissing for a file of the chain that is not there; NoSpace if a base that can grow
    could not take its children and keep the reserve. A merge of that number with the same request that is done or going on
    is left alone.

    .PARAMETER Number
    Index of the disk.

    .PARAMETER Base
    Full path of the copied base disk.

    .PARAMETER Children
    Full paths of the copied differencing disks, from the base upwards.

    .PARAMETER BaseLengthBytes
    Length of the base as the source reported it.

    .PARAMETER BaseContentIdentity
    Content identity of the base as the source reported it.

    .PARAMETER ReserveBytes
    Free space to keep on the volume of the base.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of WorkResult.

    .EXAMPLE
    Start-QsmMerge -Number 0 -Base $base -Children @($leaf) -BaseLengthBytes $length -BaseContentIdentity $identity -ReserveBytes 1GB -MigrationId $MigrationId -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateRange(0, 1000000)]
        [int]$Number,

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Base,

        [AllowEmptyCollection()]
        [string[]]$Children = @(),

        [Parameter(Mandatory = $true)]
        [long]$BaseLengthBytes,

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$BaseContentIdentity,

        [Parameter(Mandatory = $true)]
        [ValidateRange(0, [long]::MaxValue)]
        [long]$ReserveBytes,

        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    Assert-QsmOwnerNone -Record (Get-QsmRecord -MigrationId $MigrationId) -Act (Get-QsmText -Name 'act_not_merged')
    $request = [PSCustomObject][ordered]@{
        base = $Base; children = $Children; base_length_bytes = $BaseLengthBytes; base_content_identity = $BaseContentIdentity; reserve_bytes = $ReserveBytes
    }
    $name = Get-QsmWorkName -MigrationId $MigrationId -Kind merge -Number $Number
    if (Test-QsmWorkAlive -MigrationId $MigrationId -Kind merge -Number $Number -Request $request) { return [PSCustomObject]@{ task_name = $name } }

    $growth = [long]0
    foreach ($path in @($Base) + $Children) {
        $file = Get-QsmFileFact -Path $path
        if ($null -eq $file) {
            throw (New-QsmError -Id 'FileMissing' -Category refused -Subject $path -Facts @{ path = $path } -Text 'merge_disk_missing' -Value @{ path = $path })
        }
        if (-not (Test-QsmSameText -Text $path -Other $Base)) { $growth += $file.length_bytes }
    }
    if ($Children.Count -gt 0 -and (Get-QsmDiskFile -Path $Base).type -eq 'Fixed') { $growth = [long]0 }
    $short = Get-QsmNeededSpace -Length @{ $Base = $growth } -ReserveBytes $ReserveBytes
    if ($null -ne $short) {
        throw (New-QsmError -Id 'NoSpace' -Category refused -Subject $short.volume -Facts @{ volume = $short.volume; free_bytes = $short.free_bytes; needed_bytes = $short.needed_bytes } -Text 'merge_no_space' -Value @{ volume = $short.volume; free_bytes = $short.free_bytes; base = $Base; needed_bytes = $short.needed_bytes })
    }
    if (-not $PSCmdlet.ShouldProcess($Base, "Merge $($Children.Count) differencing disks")) { return }
    Start-QsmWork -MigrationId $MigrationId -Kind merge -Number $Number -Request $request -Confirm:$false
}
