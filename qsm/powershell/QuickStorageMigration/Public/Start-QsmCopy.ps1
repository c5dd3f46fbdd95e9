function Start-QsmCopy {
    <#
    .SYNOPSIS
    Starts to fetch files from the source's share, in a SYSTEM task.

    .DESCRIPTION
    Refused before anything is touched: NotOwner once the VM may be the target's own; NoSpace unless each destination volume keeps the reserve after all files;
    FileInTheWay for a destination that exists and was not put there by a copy of this migration. Then the folders are made
    and the task is started. A copy of that number with the same files that is done or going on is left alone.

    .PARAMETER Number
    Number of the copy; the caller counts.

    .PARAMETER Files
    What to fetch: source, destination, length_bytes, last_write_ticks.

    .PARAMETER ReserveBytes
    Free space to keep on the destination volume.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of WorkResult.

    .EXAMPLE
    Start-QsmCopy -Number 1 -Files $files -ReserveBytes 1GB -MigrationId $MigrationId -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateRange(0, 1000000)]
        [int]$Number,

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [object[]]$Files,

        [Parameter(Mandatory = $true)]
        [ValidateRange(0, [long]::MaxValue)]
        [long]$ReserveBytes,

        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    Assert-QsmOwnerNone -Record (Get-QsmRecord -MigrationId $MigrationId) -Act (Get-QsmText -Name 'act_not_copied')
    $request = [PSCustomObject][ordered]@{ files = $Files; reserve_bytes = $ReserveBytes }
    $name = Get-QsmWorkName -MigrationId $MigrationId -Kind copy -Number $Number
    if (Test-QsmWorkAlive -MigrationId $MigrationId -Kind copy -Number $Number -Request $request) { return [PSCustomObject]@{ task_name = $name } }

    $length = New-Object -TypeName System.Collections.Hashtable -ArgumentList ([StringComparer]::OrdinalIgnoreCase)
    foreach ($file in $Files) { $length[$file.destination] = [long]$file.length_bytes }
    $short = Get-QsmNeededSpace -Length $length -ReserveBytes $ReserveBytes
    if ($null -ne $short) {
        throw (New-QsmError -Id 'NoSpace' -Category refused -Subject $short.volume -Facts @{ volume = $short.volume; free_bytes = $short.free_bytes; needed_bytes = $short.needed_bytes } -Text 'copy_no_space' -Value @{ volume = $short.volume; free_bytes = $short.free_bytes; needed_bytes = $short.needed_bytes })
    }
    $ours = @(Get-QsmMadeFile -MigrationId $MigrationId)
    $foreign = $Files | Where-Object { -not (Test-QsmSameText -Text $_.destination -Other $ours) -and (Test-Path -LiteralPath $_.destination) } | Select-Object -First 1
    if ($null -ne $foreign) {
        throw (New-QsmError -Id 'FileInTheWay' -Category refused -Subject $foreign.destination -Facts @{ path = $foreign.destination } -Text 'copy_in_the_way' -Value @{ path = $foreign.destination; migration = $MigrationId })
    }
    if (-not $PSCmdlet.ShouldProcess($name, "Fetch $($Files.Count) files")) { return }
    foreach ($folder in @($length.Keys | ForEach-Object { Split-Path -Path $_ -Parent } | Select-Object -Unique)) {
        if (-not (Test-Path -LiteralPath $folder)) { [void](New-Item -ItemType Directory -Path $folder -Force -ErrorAction Stop) }
    }
    Start-QsmWork -MigrationId $MigrationId -Kind copy -Number $Number -Request $request -Confirm:$false
}
