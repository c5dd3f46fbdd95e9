function Remove-QsmFolder {
    <#
    .SYNOPSIS
    Removes a folder of ours, file by file.

    .DESCRIPTION
    Only below the folder of this project, or an exported configuration with its memory. A folder that is really a link is removed as a link: what lies behind it is not
    ours. A folder that is not there is done.

    .PARAMETER Path
    Full path of the folder.

    .OUTPUTS
    None

    .EXAMPLE
    Remove-QsmFolder -Path (Join-Path -Path (Get-QsmMigrationFolder -MigrationId $MigrationId) -ChildPath 'export')
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Path
    )

    $ours = if ($Path -cmatch '\A[A-Za-z]:\\(.+\\)?qsm-[0-9]{8}T[0-9]{6}-[0-9a-f]{8}(?=\\|\z)') { $Matches[0] } else { Get-QsmRoot }
    if ((Test-QsmSameText -Text $Path -Other (Get-QsmRoot)) -or -not (Test-QsmPathUnder -Path $Path -Folder $ours)) {
        throw (New-Object -TypeName System.InvalidOperationException -ArgumentList "'$Path' is no folder of ours and is not removed.")
    }
    if (-not (Test-Path -LiteralPath $Path)) { return }
    foreach ($item in @(Get-ChildItem -LiteralPath $Path -Force)) {
        $link = ($item.Attributes -band [IO.FileAttributes]::ReparsePoint) -ne 0
        if ($item.PSIsContainer -and -not $link) {
            Remove-QsmFolder -Path $item.FullName
        } else {
            Remove-Item -LiteralPath $item.FullName -Force -Confirm:$false
        }
    }
    Remove-Item -LiteralPath $Path -Force -Confirm:$false
}
