function New-QsmProbeFile {
    <#
    .SYNOPSIS
    Makes a small file of random bytes, to check a copy between two hosts with, and holds it like the disk of a running VM.

    .DESCRIPTION
    It lies in the folder of the migration, where SYSTEM and Administrators come, and grants full control to the VM of the record,
    as Hyper-V does with its disks. This process holds it open for reading, as Hyper-V holds a frozen disk, until the migration is
    closed. One of that size that is there already is kept.

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
    if (-not $PSCmdlet.ShouldProcess($path, 'Create a file and hold it')) { return }
    if ($null -ne $file -and $file.length_bytes -eq $SizeBytes) {
        Open-QsmHeldFile -Path $path
        return $file
    }
    if (-not (Test-Path -LiteralPath $folder)) { [void](New-Item -ItemType Directory -Path $folder -Force) }
    $bytes = New-Object -TypeName 'byte[]' -ArgumentList $SizeBytes
    (New-Object -TypeName System.Random).NextBytes($bytes)
    Set-Content -LiteralPath $path -Value $bytes -Encoding Byte
    Set-QsmFileAccess -Path $path -Sid (Get-QsmVMSid -VMId (Get-QsmRecord -MigrationId $MigrationId).vm_id) -Right Full -Confirm:$false
    Open-QsmHeldFile -Path $path
    Get-QsmFileFact -Path $path
}
