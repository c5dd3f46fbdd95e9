function New-QsmProbeFile {
    <#
    .SYNOPSIS
    Makes a small file of random bytes, to check a copy between two hosts with.

    .DESCRIPTION
    It lies in the folder of the migration. One of that size that is there already is kept.

    .PARAMETER MigrationId
    Id of the migration.

    .PARAMETER SizeBytes
    Length of the file, 1 MiB at most.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of FileFacts.

    .EXAMPLE
    New-QsmProbeFile -MigrationId $id -SizeBytes 65536
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId,

        [Parameter(Mandatory = $true)]
        [ValidateRange(1, 1048576)]
        [int]$SizeBytes
    )

    $folder = Join-Path -Path (Get-QsmMigrationFolder -MigrationId $MigrationId) -ChildPath 'probe'
    $path = Join-Path -Path $folder -ChildPath 'probe.bin'
    $file = Get-QsmFileFact -Path $path
    if ($null -ne $file -and $file.length_bytes -eq $SizeBytes) { return $file }
    if (-not $PSCmdlet.ShouldProcess($path, 'Create a file')) { return }
    if (-not (Test-Path -LiteralPath $folder)) { [void](New-Item -ItemType Directory -Path $folder -Force) }
    $bytes = New-Object -TypeName 'byte[]' -ArgumentList $SizeBytes
    (New-Object -TypeName System.Random).NextBytes($bytes)
    Set-Content -LiteralPath $path -Value $bytes -Encoding Byte
    Get-QsmFileFact -Path $path
}
