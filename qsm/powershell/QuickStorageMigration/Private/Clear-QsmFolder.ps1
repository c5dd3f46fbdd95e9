function Clear-QsmFolder {
    <#
    .SYNOPSIS
    Removes a folder of ours below %ProgramData%\QuickStorageMigration, file by file and then the empty folders.

    .DESCRIPTION
    Any other folder is an error: this is no tool for folders of VMs. A folder that does not exist is no trouble.

    .PARAMETER Path
    The folder.

    .OUTPUTS
    None

    .EXAMPLE
    Clear-QsmFolder -Path $export -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path
    )

    if (-not (Test-QsmPathUnder -Path $Path -Folder (Join-Path -Path (Get-QsmRoot) -ChildPath 'migrations'))) {
        throw (New-Object -TypeName System.InvalidOperationException -ArgumentList "'$Path' is no folder of a migration.")
    }
    if (-not (Test-Path -LiteralPath $Path) -or -not $PSCmdlet.ShouldProcess($Path, 'Remove the folder')) { return }
    foreach ($file in @(Get-QsmTreeFile -Folder $Path)) { Remove-Item -LiteralPath $file -Force -Confirm:$false -ErrorAction Stop }
    $folders = @(Get-ChildItem -LiteralPath $Path -Recurse -Force -ErrorAction Stop | Where-Object { $_.PSIsContainer } | ForEach-Object { [string]$_.FullName })
    foreach ($folder in @($folders | Sort-Object -Property Length -Descending) + $Path) { Remove-Item -LiteralPath $folder -Force -Confirm:$false -ErrorAction Stop }
}
