function Close-QsmShare {
    <#
    .SYNOPSIS
    Closes all shares of a migration on this host and takes back the access that they granted.

    .DESCRIPTION
    Shares are found by name, so also one that nobody remembers. Entries are taken back by the notes of the shares; those that
    were there before are not in the notes. What is gone already is no trouble.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of CloseSharesResult.

    .EXAMPLE
    Close-QsmShare -MigrationId $MigrationId -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    [void](Get-QsmMigrationFolder -MigrationId $MigrationId)
    $shares = @()
    $files = @()
    if (-not $PSCmdlet.ShouldProcess($MigrationId, 'Close the shares')) { return }
    foreach ($share in @(Get-SmbShare -ErrorAction Stop)) {
        if ($share.Name -notmatch "\Aqsm-$MigrationId-\d+\$\z") { continue }
        Remove-SmbShare -Name $share.Name -Force -Confirm:$false -ErrorAction Stop
        $shares += [string]$share.Name
    }
    foreach ($note in @(Get-QsmShareNote -MigrationId $MigrationId)) {
        foreach ($path in $note.grants) {
            if (-not (Test-Path -LiteralPath $path)) { continue }
            $own = @(Get-QsmAccessEntry -Sddl (Get-Acl -LiteralPath $path -ErrorAction Stop).Sddl | Where-Object { $_.sid -eq $note.sid -and $_.allow -and -not $_.inherited })
            if ($own.Count -eq 0) { continue }
            Set-QsmFileAccess -Path $path -Sid $note.sid -Right None -Confirm:$false
            $files += $path
        }
        Remove-Item -LiteralPath (Get-QsmSharePath -MigrationId $MigrationId -Number $note.number) -Force -Confirm:$false -ErrorAction Stop
    }
    $folder = Split-Path -Path (Get-QsmSharePath -MigrationId $MigrationId -Number 0) -Parent
    if ((Test-Path -LiteralPath $folder) -and @(Get-ChildItem -LiteralPath $folder -Force).Count -eq 0) { Remove-Item -LiteralPath $folder -Confirm:$false -ErrorAction Stop }
    [PSCustomObject][ordered]@{ shares = @($shares); files = @($files) }
}
