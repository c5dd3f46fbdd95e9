function Get-QsmRoot {
    <#
    .SYNOPSIS
    Returns the folder on this host in which everything of this project lies.

    .DESCRIPTION
    It is %ProgramData%\QuickStorageMigration. install.ps1 makes it, owned by Administrators and closed to everybody else.

    .OUTPUTS
    System.String

    .EXAMPLE
    Get-QsmRoot
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param()

    Join-Path -Path $env:ProgramData -ChildPath 'QuickStorageMigration'
}
